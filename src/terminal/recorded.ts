import type { RecordingWriter } from '../recording/port.ts'
import { recordingFault } from './line.ts'
import type { ProgramPty } from './pty.ts'

/**
 * The pty with a recorder on its way: nothing is seen that was not recorded, and a program whose recording fails is hung
 * up; its exit then rejects with ERR_RECORDING.
 */
export function recorded(pty: ProgramPty, recorder: RecordingWriter): ProgramPty {
  recorder.onFailure(() => pty.hangUp())
  const exited = pty.exited.then((exit) => {
    if (recorder.failed !== undefined) throw recordingFault(recorder.failed)
    return exit
  })
  // Whoever waits for it hears of it; until then it is not unhandled.
  exited.catch(() => {})
  return {
    ...pty,
    exited,
    onOutput: (listener) =>
      pty.onOutput((bytes) => {
        recorder.output(bytes)
        listener(bytes)
      }),
    resize: (cols, rows) => {
      pty.resize(cols, rows)
      recorder.resize(cols, rows)
    },
  }
}
