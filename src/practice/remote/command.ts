import type { WebSocket } from 'ws'
import {
  channel,
  decodeChannel,
  encodeChannel,
  exitStatus,
  parseResize,
  type ChannelProtocol,
} from '../../stream/channels.ts'
import { failure } from '../../model/status.ts'
import type { Attachment, Remote } from '../containers/runtime.ts'
import { linesOf } from '../containers/pipe.ts'
import { readText } from '../state/objects.ts'
import { onMessages, sendMessage, type Bytes } from './bytes.ts'
import { SpdyConnection, type SpdyStream } from './spdy.ts'

/** What a client wants of a container. */
export interface CommandRequest {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
  /** Connects the client with the program. */
  readonly connect: (remote: Remote) => Attachment
}

/** How a command ended, as the error channel says it. */
async function verdict({ over }: Attachment): Promise<string> {
  try {
    return exitStatus(await over)
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return JSON.stringify(failure(500, 'InternalError', `Internal error occurred: ${message}`))
  }
}

const nowhere = { write: () => Promise.resolve(true) }

/** exec and attach over a WebSocket (KEP-4006). */
export async function commandOverWebSocket(
  socket: WebSocket,
  protocol: ChannelProtocol,
  request: CommandRequest,
): Promise<void> {
  const sink = (to: number) => ({
    write: async (bytes: Buffer | string) => {
      await sendMessage(socket, encodeChannel(protocol, to, Buffer.from(bytes)))
      return socket.readyState === socket.OPEN
    },
  })
  const attachment = request.connect({
    stdin: request.stdin,
    tty: request.tty,
    stdout: request.stdout ? sink(channel.stdout) : nowhere,
    stderr: request.stderr ? sink(channel.stderr) : nowhere,
  })
  const { input } = attachment
  socket.once('close', () => attachment.stop())
  onMessages(socket, async (bytes) => {
    const message = decodeChannel(protocol, bytes)
    if (message === undefined) return
    if (message.type === 'close') {
      if (message.channel === channel.stdin) input.end()
      return
    }
    if (message.channel === channel.stdin && request.stdin) await input.write(message.data)
    if (message.channel === channel.resize) input.resize(parseResize(message.data) ?? { columns: 80, rows: 24 })
  })
  const said = await verdict(attachment)
  await sendMessage(socket, encodeChannel(protocol, channel.error, Buffer.from(said)))
  socket.close(1000)
}

/** Clients open one stream for each channel; more than this long (ms) after the upgrade nobody waits for them. */
const streamsMs = 30_000

/** exec and attach over SPDY/3.1. From version 4 the error stream carries a Status, before it a sentence. */
export async function commandOverSpdy(bytes: Bytes, version: number, request: CommandRequest): Promise<void> {
  const wanted = [
    'error',
    ...(['stdin', 'stdout', 'stderr'] as const).filter((name) => request[name]),
    ...(request.tty ? ['resize'] : []),
  ]
  const streams = new Map<string, SpdyStream>()
  const { promise: complete, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error('the streams of the command were not opened in time')), streamsMs)
  const connection = new SpdyConnection(bytes, (stream) => {
    streams.set(stream.headers['streamtype']?.[0] ?? '', stream)
    if (wanted.every((name) => streams.has(name))) resolve()
  })
  bytes.onClose(() => reject(new Error('the client is gone')))
  try {
    await complete
  } catch {
    connection.close()
    return
  } finally {
    clearTimeout(timer)
  }
  const sink = (name: string) => ({
    write: async (data: Buffer | string) => {
      await streams.get(name)?.write(Buffer.from(data))
      return true
    },
  })
  const attachment = request.connect({
    stdin: request.stdin,
    tty: request.tty,
    stdout: request.stdout ? sink('stdout') : nowhere,
    stderr: request.stderr ? sink('stderr') : nowhere,
  })
  bytes.onClose(() => attachment.stop())
  void pump(streams.get('stdin'), attachment)
  void resizes(streams.get('resize'), attachment)
  const said = await verdict(attachment)
  const error = streams.get('error')
  const isSuccess = said.includes('"status":"Success"')
  if (version >= 4) await error?.write(Buffer.from(said))
  else if (!isSuccess) await error?.write(Buffer.from(readText(JSON.parse(said), 'message')))
  for (const stream of streams.values()) await stream.end()
  connection.close()
}

async function pump(stream: SpdyStream | undefined, { input }: Attachment): Promise<void> {
  if (stream === undefined) return
  for await (const piece of stream.input) await input.write(piece)
  input.end()
}

async function resizes(stream: SpdyStream | undefined, { input }: Attachment): Promise<void> {
  if (stream === undefined) return
  for await (const line of linesOf(stream.input)) {
    const size = parseResize(Buffer.from(line))
    if (size !== undefined) input.resize(size)
  }
}
