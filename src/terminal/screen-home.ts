import { Worker } from 'node:worker_threads'
import type { FromScreen, ScreenOptions, ToScreen } from './screen-protocol.ts'
import { Screen } from './screen.ts'

/** Where a screen lives: it takes messages in order until it is closed. */
export interface ScreenHome {
  /** What is handed over is not copied where that would cost something, and gone here afterwards. */
  post(message: ToScreen, handedOver?: readonly ArrayBuffer[]): void
  close(): Promise<void>
}

interface Neighbours {
  readonly receive: (message: FromScreen) => void
  /** The screen cannot go on. */
  readonly failed: (failure: Error) => void
}

/**
 * In this thread, as a shell's screen is: a key's echo, and each frame of a program that draws all the time, would wait
 * longer for threads to wake each other than for the work. Output comes in pieces that are parsed in far less than the
 * time between two keys.
 */
export function screenHere(options: ScreenOptions, { receive, failed }: Neighbours): ScreenHome {
  let isClosed = false
  const screen = new Screen(options, (message) => {
    if (!isClosed) receive(message)
  })
  return {
    post: (message) => {
      if (isClosed) return
      try {
        screen.handle(message)
      } catch (thrown) {
        failed(asError(thrown))
      }
    },
    close: () => {
      isClosed = true
      return Promise.resolve()
    },
  }
}

/** In a worker, as a player's screen is: a seek parses megabytes at once, while the keys go on working. */
export function screenInWorker(options: ScreenOptions, { receive, failed }: Neighbours): ScreenHome {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const worker = new Worker(new URL(`./screen-worker${ending}`, import.meta.url), { workerData: options })
  worker.on('message', receive)
  worker.on('error', (thrown) => failed(asError(thrown)))
  return {
    post: (message, handedOver = []) => worker.postMessage(message, [...handedOver]),
    close: async () => void (await worker.terminate()),
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
