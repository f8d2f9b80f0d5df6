import { makeOblige } from '../../src/mask/oblige.ts'
import type { Masker } from '../../src/mask/port.ts'
import type { JsonValue, ResourceRequest } from '../../src/model/request.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { parseJson } from '../../src/stream/json.ts'
import { operator, resourceRequest } from '../policy/request.ts'

export const canary = 'c4nary-hunter2-never-seen'
export const base64 = (text: string) => Buffer.from(text).toString('base64')
export const tokenText = /^chaperone-masked-[0-9a-f]{32}$/

export const { maskSets } = loadPolicy([builtinSource])
export const key = new Uint8Array(32).fill(7)
export const oblige = makeOblige({ maskSets, key })
export const maskSecrets = [{ kind: 'mask', maskSet: 'secrets' }] as const

export const one: ResourceRequest = resourceRequest('get', 'secrets', { namespace: 'shop', name: 'db' })
export const many: ResourceRequest = resourceRequest('list', 'secrets', { namespace: 'shop' })
export const watching: ResourceRequest = resourceRequest('watch', 'secrets', { namespace: 'shop' })

export function maskerFor(request: ResourceRequest, subject = operator): Masker {
  return oblige(maskSecrets, request, subject)
}

export interface Sent {
  readonly statusCode?: number
  readonly contentType?: string
  /** Bytes per chunk; 0 = all at once. */
  readonly chunk?: number
}

/** What a client of `request` gets when the API server answers `text`. */
export async function through(
  request: ResourceRequest,
  text: string,
  sent: Sent = {},
): Promise<{ text: string; count: number }> {
  const { statusCode = 200, contentType = 'application/json', chunk = 0 } = sent
  const answer = maskerFor(request).answer({ statusCode, contentType, body: chunks(Buffer.from(text), chunk) })
  const parts: Uint8Array[] = []
  for await (const part of answer.body) parts.push(Uint8Array.from(part))
  return { text: Buffer.concat(parts).toString(), count: answer.count() }
}

export async function masked(request: ResourceRequest, value: unknown, sent: Sent = {}): Promise<JsonValue> {
  const { text } = await through(request, JSON.stringify(value), sent)
  return parseJson(Buffer.from(text))
}

async function* chunks(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
  // One buffer used again and again, as network libraries do.
  const shared = Buffer.alloc(size === 0 ? bytes.length : size)
  for (let at = 0; at < bytes.length; at += shared.length) {
    const part = shared.subarray(0, bytes.copy(shared, 0, at))
    yield part
    part.fill(0x21)
  }
}

/** Every spelling of the canary that must not be in the text. */
export function leaks(text: string): string[] {
  const spellings = [canary, base64(canary), base64(base64(canary)), Buffer.from(canary).toString('hex')]
  return spellings.filter((spelling) => text.includes(spelling))
}

const manifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'shop' },
  stringData: { password: canary },
  data: { password: base64(canary), twice: base64(base64(canary)) },
}

const metadata = {
  name: 'db',
  namespace: 'shop',
  uid: '11111111-2222-3333-4444-555555555555',
  resourceVersion: '9007199254740993',
  annotations: {
    'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(manifest)}\n`,
    'example.com/Access-Token': canary,
    'example.com/api-key': canary,
    'db-password': canary,
    'example.com/team': 'payments',
  },
  managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:data': { '.': {}, 'f:password': {} } } }],
}

export const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata,
  type: 'Opaque',
  data: { password: base64(canary), twice: base64(base64(canary)), empty: '' },
  stringData: { plain: canary },
}
export const item = { metadata, type: 'Opaque', data: secret.data }
export const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata }
const columns = ['Name', 'Type', 'Data', 'Age'].map((name) => ({ name, type: 'string' }))
export const cells = ['db', 'Opaque', 3, '5d']

export function table(object: unknown, more: object = {}): object {
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', columnDefinitions: columns, rows: [{ cells, object }], ...more }
}
