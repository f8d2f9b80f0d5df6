import { request as send, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:tls'
import { clientToken, type House } from './house.ts'

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly json: Record<string, unknown>
}

export interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Uint8Array
  readonly token?: string | undefined
}

/** One request through the proxy, with the caller's token unless another is given. */
export async function ask(house: House, path: string, options: Ask = {}): Promise<Reply> {
  const message = await open(house, path, options)
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const isJson = message.headers['content-type']?.startsWith('application/json') ?? false
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    text,
    json: isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

/** The answer's head; its body is still to be read. */
export function open(house: House, path: string, options: Ask = {}, signal?: AbortSignal): Promise<IncomingMessage> {
  const token = 'token' in options ? options.token : clientToken
  const url = new URL(house.endpoint)
  const details: RequestOptions = {
    host: url.hostname,
    port: url.port,
    path,
    method: options.method ?? 'GET',
    ca: house.ca,
    agent: false,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...options.headers },
    ...(signal === undefined ? {} : { signal }),
  }
  return new Promise((resolve, reject) => {
    const request = send(details, resolve)
    request.on('error', reject)
    request.end(options.body)
  })
}

/** Everything the proxy says to raw bytes, until it closes the connection. */
export function raw(house: House, bytes: string | Uint8Array): Promise<string> {
  const url = new URL(house.endpoint)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ host: url.hostname, port: Number(url.port), ca: house.ca }, () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.on('error', reject)
  })
}
