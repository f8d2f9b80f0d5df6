/** Channels of a remote command (k8s.io/apimachinery pkg/util/remotecommand/constants.go). */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Versions that are spoken here; 5 adds the end of one channel, the base64 one is for clients that send text only. */
export const channelProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const

export type ChannelProtocol = (typeof channelProtocols)[number]

/** One message of a remote command. */
export type ChannelMessage =
  | { readonly type: 'data'; readonly channel: number; readonly data: Buffer }
  /** Nothing more comes on this channel (version 5). */
  | { readonly type: 'close'; readonly channel: number }

/** A message that the protocol does not allow. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError'
}

/**
 * One WebSocket message as the channel it is for and its bytes.
 *
 * @throws ChannelError when it names no channel, or is not base64 where it should be.
 */
export function decodeChannel(protocol: ChannelProtocol, message: Uint8Array): ChannelMessage | undefined {
  const [first] = message
  if (first === undefined) return undefined
  const rest = Buffer.from(message.subarray(1))
  if (protocol === 'v4.base64.channel.k8s.io') return decodeBase64(first, rest)
  if (first !== channel.close) return { type: 'data', channel: first, data: rest }
  const [closed] = rest
  if (protocol !== 'v5.channel.k8s.io' || closed === undefined || rest.length !== 1) {
    throw new ChannelError('a close message names no channel')
  }
  return { type: 'close', channel: closed }
}

function decodeBase64(first: number, rest: Buffer): ChannelMessage {
  const text = rest.toString('latin1')
  if (first < 0x30 || first > 0x39) throw new ChannelError('a message names no channel')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new ChannelError('a message is not base64')
  return { type: 'data', channel: first - 0x30, data: Buffer.from(text, 'base64') }
}

/** The WebSocket message for bytes on a channel. A string is to be sent as a text message. */
export function encodeChannel(protocol: ChannelProtocol, to: number, data: Uint8Array): Buffer | string {
  if (protocol === 'v4.base64.channel.k8s.io') return `${to}${Buffer.from(data).toString('base64')}`
  return Buffer.concat([Buffer.of(to), data])
}

/** The size of a terminal as clients send it on the resize channel; undefined when it is none. */
export function parseResize(data: Uint8Array): { readonly columns: number; readonly rows: number } | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(Buffer.from(data).toString('utf8')) as Record<string, unknown>
    const isSize = (value: unknown): value is number =>
      Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536
    return isSize(columns) && isSize(rows) ? { columns, rows } : undefined
  } catch {
    return undefined
  }
}

/** What the error channel says at the end of a command (version 4: metav1.Status). */
export function exitStatus(code: number): string {
  if (code === 0) return '{"metadata":{},"status":"Success"}'
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  })
}
