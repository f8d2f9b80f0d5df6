import type { Session } from '../model/session.ts'
import { tokenHash } from './tokens.ts'

/** What outlives the broker. */
export interface KeptSpent {
  /** Hashes of a broker that ran before, oldest first. */
  readonly known: readonly string[]
  /** Told of all hashes after each change, oldest first. */
  keep(hashes: readonly string[]): void
}

/** Of ended sessions' tokens as many are remembered; each takes some 150 bytes, and revoking is rare. */
const MAX_SPENT = 10_000
/** Tokens of one session that are remembered, the newest: whoever has more can get new ones anyway. */
const MAX_OF_SESSION = 32

/**
 * Which subject tokens belong to sessions that were ended before their time: such a token opens no other session, else
 * whoever is thrown out would be back with the next request. A session whose time ran out spends nothing.
 */
export class SpentTokens {
  readonly #kept: KeptSpent
  /** Hashes of the tokens that opened or prolonged a running session, by its id. */
  readonly #running = new Map<string, Set<string>>()
  readonly #spent: Set<string>
  #isClosed = false

  constructor(kept: KeptSpent = { known: [], keep: () => undefined }) {
    this.#kept = kept
    this.#spent = new Set(kept.known.slice(-MAX_SPENT))
  }

  isSpent(token: string): boolean {
    return this.#spent.has(signedHash(token))
  }

  /** From now on sessions end because the broker does, which spends nothing. */
  close(): void {
    this.#isClosed = true
  }

  /** Notes that the token opened or prolonged the session. */
  used(token: string, sessionID: string): void {
    const hashes = this.#running.get(sessionID) ?? new Set()
    const hash = signedHash(token)
    hashes.delete(hash)
    this.#running.set(sessionID, hashes.add(hash))
    const [oldest] = hashes
    if (oldest !== undefined && hashes.size > MAX_OF_SESSION) hashes.delete(oldest)
  }

  /** To be told of every change of a session. */
  readonly changed = ({ id, endedAt, expiresAt }: Session): void => {
    if (endedAt === undefined) return
    const hashes = this.#running.get(id) ?? new Set()
    this.#running.delete(id)
    const isEarly = expiresAt === undefined || Date.parse(endedAt) < Date.parse(expiresAt)
    if (!isEarly || this.#isClosed || hashes.size === 0) return
    for (const hash of hashes) this.#spend(hash)
    this.#kept.keep([...this.#spent])
  }

  #spend(hash: string): void {
    const [oldest] = this.#spent
    if (oldest !== undefined && this.#spent.size >= MAX_SPENT) this.#spent.delete(oldest)
    this.#spent.add(hash)
  }
}

/** Of a JSON Web Token what is signed, since one signature has many spellings and what it signs has one (RFC 7515 section 5.2). */
function signedHash(token: string): string {
  const dot = token.lastIndexOf('.')
  return tokenHash(dot === -1 ? token : token.slice(0, dot))
}
