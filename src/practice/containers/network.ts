import { Pipe } from './pipe.ts'
import type { Connection } from './process.ts'

/** Both ends of a connection inside the cluster: the caller's and the server's. */
export function connectionPair(): { readonly caller: Connection; readonly server: Connection } {
  const asked = new Pipe()
  const answered = new Pipe()
  return {
    caller: {
      input: answered,
      output: asked,
      close: () => {
        asked.end()
        answered.break()
      },
    },
    server: {
      input: asked,
      output: answered,
      close: () => {
        answered.end()
        asked.break()
      },
    },
  }
}
