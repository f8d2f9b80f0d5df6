import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { Fault } from '../model/fault.ts'
import type { RecordingWriter } from '../recording/port.ts'
import { exitStatusOf } from './exit-status.ts'
import { recordingFault } from './line.ts'

export interface PipedOptions {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly recorder: RecordingWriter
}

/**
 * Runs a command with pipes: stdout and stderr stay apart, byte for byte, and both are recorded. Resolves with 126 or
 * 127 when the command cannot be started, as a shell would. Throws ERR_RECORDING when the recording fails.
 */
export async function runPiped(options: PipedOptions): Promise<{ readonly exitStatus: number }> {
  const { recorder, stdin, stdout, stderr } = options
  const [file = '', ...args] = options.command
  const child = spawn(file, args, { env: { ...options.env }, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => child.once('error', resolve))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  recorder.onFailure(() => child.kill('SIGHUP'))
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const
  for (const signal of signals) process.on(signal, forward)
  const unpipe = feed(stdin, child.stdin)
  try {
    const outputs = Promise.all([copy(child.stdout, stdout, recorder), copy(child.stderr, stderr, recorder)])
    const ended = await Promise.race([closed, failed])
    if (!Array.isArray(ended)) return notStarted(file, ended, stderr)
    await outputs
    if (recorder.failed !== undefined) throw recordingFault(recorder.failed)
    return { exitStatus: exitStatusOf(...ended) }
  } finally {
    unpipe()
    for (const signal of signals) process.off(signal, forward)
  }
}

function notStarted(file: string, failure: NodeJS.ErrnoException, stderr: NodeJS.WriteStream): { exitStatus: number } {
  const missing = failure.code === 'ENOENT'
  const why = missing ? 'there is no such program' : `it cannot be run (${failure.code ?? failure.message})`
  stderr.write(`chaperone: ${file}: ${why}.\n`)
  return { exitStatus: missing ? 127 : 126 }
}

/** A command that does not read its input to the end is no failure: EPIPE only ends the copying. */
function feed(stdin: NodeJS.ReadStream, input: Writable): () => void {
  input.on('error', (failure: NodeJS.ErrnoException) => {
    stdin.unpipe(input)
    if (failure.code !== 'EPIPE') input.destroy()
  })
  stdin.pipe(input)
  return () => {
    stdin.unpipe(input)
    stdin.pause()
  }
}

/** Record first, then show; a slow reader slows the command. */
async function copy(from: Readable, to: Writable, recorder: RecordingWriter): Promise<void> {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    recorder.output(withCarriageReturns(chunk))
    if (to.destroyed) throw new Fault('ERR_TERMINAL', 'Nobody reads the output any more.')
    if (!to.write(chunk)) await once(to, 'drain')
  }
}

/** A pipe has no terminal driver to turn newlines into CR LF; a player would draw stairs. */
function withCarriageReturns(chunk: Buffer): Buffer {
  return Buffer.from(chunk.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}
