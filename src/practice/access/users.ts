import { timingSafeEqual } from 'node:crypto'
import { unauthorized } from '../failure.ts'
import type { Access, Admission, Credentials, User } from './access.ts'

const authenticated = 'system:authenticated'

export const adminName = 'practice-admin'

/** Knows the administrator by bearer token and everyone by a client certificate; allows them everything. */
export class OpenAccess implements Access {
  readonly #adminToken: Buffer

  constructor(adminToken: string) {
    this.#adminToken = Buffer.from(adminToken)
  }

  identify(credentials: Credentials) {
    const user = this.#byToken(credentials) ?? byCertificate(credentials)
    if (user === undefined) throw unauthorized()
    const impersonated = credentials.headers['impersonate-user']
    if (typeof impersonated !== 'string' || impersonated === '') return { user }
    const groups = credentials.distinct['impersonate-group'] ?? []
    return { user: { name: impersonated, groups: [...groups, authenticated] }, impersonator: user }
  }

  authorize() {
    return { allowed: true, reason: '' }
  }

  admit({ object }: Admission) {
    return object
  }

  #byToken({ headers }: Credentials): User | undefined {
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
    if (given === undefined) return undefined
    const bytes = Buffer.from(given)
    if (bytes.length !== this.#adminToken.length || !timingSafeEqual(bytes, this.#adminToken)) throw unauthorized()
    return { name: adminName, groups: ['system:masters', authenticated] }
  }
}

function byCertificate({ certificate }: Credentials): User | undefined {
  if (certificate === undefined) return undefined
  const { CN: name, O: group } = certificate.subject
  const groups = group === undefined ? [] : Array.isArray(group) ? group : [group]
  return typeof name === 'string' ? { name, groups: [...groups, authenticated] } : undefined
}
