import { createLocalJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import type { FetchDocument } from './key-source.ts'

/** Keys younger than this are used without asking. */
const FRESH_MS = 10 * 60_000
/** Without an answer from the issuer, keys are used until they are this old. */
const STALE_MS = 60 * 60_000
/** The issuer is asked at most this often, whatever key identifiers tokens name. */
const INTERVAL_MS = 60_000
/** The same after it failed to answer. */
const RETRY_MS = 5_000
const MAX_DISCOVERY_BYTES = 64 * 1024
const MAX_KEYS_BYTES = 256 * 1024
const MAX_KEYS = 64

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https$/ }) })
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(MAX_KEYS) })

interface Issuer {
  readonly url: string
  readonly discoveryURL?: string
  readonly certificateAuthority?: string
}

type KeySet = ReturnType<typeof createLocalJWKSet>

/**
 * The public keys of one issuer (OpenID Connect Discovery 1.0, RFC 7517), fetched when they are needed. A key identifier
 * that is not known makes the issuer be asked again, but once in a while only; keys outlive an outage for a bounded time.
 */
export class IssuerKeys {
  readonly #issuer: Issuer
  readonly #fetch: FetchDocument
  readonly #now: () => Date
  #keys: { readonly find: KeySet; readonly at: number } | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #failure: unknown

  constructor(issuer: Issuer, fetch: FetchDocument, now: () => Date) {
    this.#issuer = issuer
    this.#fetch = fetch
    this.#now = now
  }

  /** The key of a token's header, for jose. Throws ERR_UNAUTHENTICATED, or jose's own errors when there is none. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (this.#age() >= FRESH_MS) await this.#ask()
    try {
      return await this.#look(header, token)
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey) || !(await this.#ask())) throw thrown
      return this.#look(header, token)
    }
  }

  #look(header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<KeySet> {
    if (this.#keys === undefined || this.#age() >= STALE_MS) {
      throw new Fault('ERR_UNAUTHENTICATED', `The keys of ${this.#issuer.url} cannot be had.`, {
        advice: `Try again in a moment; whoever runs the broker may have to look: ${problemOf(this.#failure)}.`,
        cause: this.#failure,
      })
    }
    return this.#keys.find(header, token)
  }

  #age(): number {
    return this.#keys === undefined ? Number.POSITIVE_INFINITY : this.#now().getTime() - this.#keys.at
  }

  /** False when it is too early to ask again. Never rejects: what is missing shows when a key is looked for. */
  async #ask(): Promise<boolean> {
    if (this.#asking === undefined) {
      const now = this.#now().getTime()
      if (now - this.#askedAt < (this.#failure === undefined ? INTERVAL_MS : RETRY_MS)) return false
      this.#askedAt = now
      this.#asking = this.#load(now).finally(() => (this.#asking = undefined))
    }
    await this.#asking
    return true
  }

  async #load(now: number): Promise<void> {
    try {
      this.#keys = { find: createLocalJWKSet({ keys: await this.#fetchKeys() }), at: now }
      this.#failure = undefined
    } catch (thrown) {
      this.#failure = thrown
    }
  }

  async #fetchKeys() {
    const { url, discoveryURL, certificateAuthority } = this.#issuer
    const at = discoveryURL ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`
    const get = (from: string, maxBytes: number) => this.#fetch(from, { certificateAuthority, maxBytes })
    const found = discoverySchema.parse(JSON.parse(await get(at, MAX_DISCOVERY_BYTES)))
    if (found.issuer !== url) throw new Fault('ERR_UNAUTHENTICATED', `${at} speaks for another issuer.`)
    const { keys } = keySetSchema.parse(JSON.parse(await get(found.jwks_uri, MAX_KEYS_BYTES)))
    // A symmetric key in a public set is known to everybody.
    return keys.filter(({ kty, use }) => kty !== 'oct' && (use === undefined || use === 'sig'))
  }
}

function problemOf(failure: unknown): string {
  if (failure instanceof Fault) return failure.message.replace(/\.$/, '')
  const { code } = failure as { code?: unknown }
  if (typeof code === 'string') return `there was no answer (${code})`
  return 'its answer is not what OpenID Connect Discovery says'
}
