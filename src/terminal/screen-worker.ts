import { parentPort, workerData } from 'node:worker_threads'
import { Screen } from './screen.ts'
import type { ScreenOptions, ToScreen } from './screen-protocol.ts'

const port = parentPort
if (port === null) throw new Error('The screen runs as a worker only.')
const screen = new Screen(workerData as ScreenOptions, (message) => port.postMessage(message))
port.on('message', (message: ToScreen) => screen.handle(message))
