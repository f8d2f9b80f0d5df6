import { openRecording } from '../../src/recording/writer.ts'
import { optionsFor } from './support.ts'

/** Records numbered lines until it is killed. Arguments: folder, version. Prints the path first. */
const [folder = '', version] = process.argv.slice(2)
const recording = await openRecording(optionsFor(folder, { version: version === '2' ? 2 : 3 }))
process.stdout.write(`${recording.path}\n`)
let n = 0
function burst(): void {
  for (let i = 0; i < 200; i++) recording.output(Buffer.from(`line ${n++} ${'é€😀'.repeat(n % 90)}\r\n`))
  setImmediate(burst)
}
burst()
