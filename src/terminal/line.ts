import { Fault } from '../model/fault.ts'
import type { RecordingWriter } from '../recording/port.ts'
import { exitStatusOf } from './exit-status.ts'
import { openPty, type PtyProcess } from './pty.ts'

export interface LineOptions {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly recorder: RecordingWriter
}

/**
 * The plain face: a recorded pty whose bytes go to the terminal as they are. For screen readers, TERM=dumb, and `run`
 * on a terminal. Throws ERR_RECORDING when the recording fails: the program is then hung up.
 */
export async function runLine(options: LineOptions): Promise<{ readonly exitStatus: number }> {
  const { stdin, stdout, recorder } = options
  const size = () => ({ cols: stdout.columns || 80, rows: stdout.rows || 24 })
  const pty = openPty({ ...options, ...size() })
  using parts = new DisposableStack()
  const listen = <T extends unknown[]>(target: NodeJS.EventEmitter, event: string, listener: (...args: T) => void) => {
    target.on(event, listener as (...args: unknown[]) => void)
    parts.defer(() => target.off(event, listener as (...args: unknown[]) => void))
  }
  let lost: NodeJS.Signals | undefined
  const end = (signal: NodeJS.Signals) => {
    lost ??= signal
    pty.hangUp()
  }
  recorder.onFailure(() => pty.hangUp())
  pty.onOutput((bytes) => show(bytes, pty, stdout, recorder))
  listen(stdout, 'drain', () => pty.resume())
  listen(stdout, 'error', () => end('SIGHUP'))
  listen(stdout, 'resize', () => {
    const { cols, rows } = size()
    pty.resize(cols, rows)
    recorder.resize(cols, rows)
  })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) listen(process, signal, () => end(signal))
  stdin.setRawMode(true)
  parts.defer(() => {
    stdin.setRawMode(false)
    stdin.pause()
  })
  listen(stdin, 'data', (bytes: Buffer) => pty.write(bytes))
  listen(stdin, 'end', () => end('SIGHUP'))
  stdin.resume()

  const { exitStatus } = await pty.exited
  if (recorder.failed !== undefined) throw recordingFault(recorder.failed)
  return {
    exitStatus: lost === undefined ? exitStatus : exitStatusOf(null, lost),
  }
}

/** The recorder comes first: nothing is seen that was not recorded. */
function show(bytes: Buffer, pty: PtyProcess, stdout: NodeJS.WriteStream, recorder: RecordingWriter): void {
  recorder.output(bytes)
  if (!stdout.write(bytes)) pty.pause()
}

/** No recorder, no access. */
export function recordingFault(cause: Error): Fault {
  return new Fault(
    'ERR_RECORDING',
    `The session was ended because it could not be recorded any more: ${cause.message}`,
    {
      advice: 'Free some space, or choose another folder with --state DIR.',
      cause,
    },
  )
}
