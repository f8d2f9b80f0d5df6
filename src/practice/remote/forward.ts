import type { WebSocket } from 'ws'
import { decodeChannel, encodeChannel, type ChannelProtocol } from '../../stream/channels.ts'
import type { Connection } from '../containers/process.ts'
import { onMessages, sendMessage, type Bytes } from './bytes.ts'
import { SpdyConnection, type SpdyStream } from './spdy.ts'

/** A connection to a port of the pod; undefined when nobody listens there. */
export type Dial = (port: number) => Connection | undefined

const refused = (port: number) =>
  `an error occurred forwarding ${port} -> ${port}: failed to connect to localhost:${port} inside the pod: connection refused`

/** Port-forward over SPDY/3.1: two streams, `error` and `data`, for each connection of the client. */
export function forwardOverSpdy(bytes: Bytes, dial: Dial): void {
  const halves = new Map<string, SpdyStream>()
  new SpdyConnection(bytes, (stream) => {
    const id = stream.headers['requestid']?.[0] ?? stream.headers['port']?.[0] ?? ''
    const type = stream.headers['streamtype']?.[0] ?? ''
    const other = halves.get(id)
    if (other === undefined) {
      halves.set(id, stream)
      return
    }
    halves.delete(id)
    const [error, data] = type === 'data' ? [other, stream] : [stream, other]
    void carry(error, data, Number(stream.headers['port']?.[0]), dial)
  })
}

async function carry(error: SpdyStream, data: SpdyStream, port: number, dial: Dial): Promise<void> {
  const connection = dial(port)
  if (connection === undefined) {
    await error.write(Buffer.from(refused(port)))
    await error.end()
    await data.end()
    return
  }
  const sending = (async () => {
    for await (const piece of data.input) await connection.output.write(piece)
    connection.output.end()
  })()
  for (let piece = await connection.input.read(); piece !== undefined; piece = await connection.input.read()) {
    await data.write(piece)
  }
  await error.end()
  await data.end()
  connection.close()
  await sending
}

/**
 * Port-forward over a plain WebSocket: ports are named in the query; each has a data and an error channel that begin
 * with the port's number (k8s.io/kubelet pkg/cri/streaming/portforward/websocket.go).
 */
export async function forwardOverWebSocket(
  socket: WebSocket,
  protocol: ChannelProtocol,
  ports: readonly number[],
  dial: Dial,
): Promise<void> {
  const send = (to: number, data: Buffer) => sendMessage(socket, encodeChannel(protocol, to, data))
  const connections = ports.map((port) => dial(port))
  for (const [index, port] of ports.entries()) {
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    await send(2 * index, number)
    await send(2 * index + 1, number)
    const connection = connections[index]
    if (connection === undefined) await send(2 * index + 1, Buffer.from(refused(port)))
    else void receive(connection, (data) => send(2 * index, data))
  }
  onMessages(socket, async (bytes) => {
    const message = decodeChannel(protocol, bytes)
    if (message?.type === 'data' && message.channel % 2 === 0) {
      await connections[message.channel / 2]?.output.write(message.data)
    }
  })
  socket.once('close', () => connections.forEach((connection) => connection?.close()))
}

async function receive(connection: Connection, send: (data: Buffer) => Promise<void>): Promise<void> {
  for (let piece = await connection.input.read(); piece !== undefined; piece = await connection.input.read()) {
    await send(piece)
  }
}
