import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { unauthorized } from '../failure.ts'

export interface User {
  readonly name: string
  readonly groups: readonly string[]
}

const authenticated = 'system:authenticated'

export const adminName = 'practice-admin'

/** The caller: by bearer token, else by client certificate; 401 without either. Impersonation headers are honoured. */
export function identify(request: IncomingMessage, adminToken: string): User {
  const user = byToken(request, adminToken) ?? byCertificate(request)
  if (user === undefined) throw unauthorized()
  const impersonated = request.headers['impersonate-user']
  if (typeof impersonated !== 'string' || impersonated === '') return user
  const groups = request.headersDistinct['impersonate-group'] ?? []
  return { name: impersonated, groups: [...groups, authenticated] }
}

function byToken(request: IncomingMessage, adminToken: string): User | undefined {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given === undefined) return undefined
  const bytes = Buffer.from(given)
  const expected = Buffer.from(adminToken)
  if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) throw unauthorized()
  return { name: adminName, groups: ['system:masters', authenticated] }
}

function byCertificate({ socket }: IncomingMessage): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { CN: name, O: group } = socket.getPeerCertificate().subject
  const groups = group === undefined ? [] : Array.isArray(group) ? group : [group]
  return typeof name === 'string' ? { name, groups: [...groups, authenticated] } : undefined
}
