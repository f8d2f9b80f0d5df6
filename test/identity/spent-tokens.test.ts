import { describe, expect, it } from 'vitest'
import { localSubject } from '../../src/identity/local.ts'
import { SpentTokens } from '../../src/identity/spent-tokens.ts'
import { newToken, tokenHash } from '../../src/identity/tokens.ts'
import { SessionRegistry } from '../../src/session/registry.ts'

const lifetimeMs = 600_000

function house() {
  let now = Date.parse('2026-11-23T10:00:00Z')
  let byte = 0
  const sessions = new SessionRegistry({
    now: () => new Date(now),
    random: (bytes) => Uint8Array.from({ length: bytes }, () => byte++ % 256),
    newToken,
    hash: tokenHash,
  })
  const tokens = new SpentTokens()
  sessions.subscribe(tokens.changed)
  return {
    tokens,
    pass: (milliseconds: number) => void (now += milliseconds),
    end: (id: string) => sessions.end(id),
    count: (id: string) => sessions.count(id, { requests: 1 }),
    /** Opens a session with these tokens. */
    open: (...used: readonly string[]) => {
      const subject = localSubject({ name: 'ana', uid: 1000 })
      const ask = { subject, mode: 'local', command: ['pipeline'], waitMs: 0, expiresAt: now + lifetimeMs } as const
      const { id } = sessions.beginClient(ask)
      for (const token of used) tokens.used(token, id)
      return id
    },
  }
}

describe('a token', () => {
  it('is spent when its session is ended before its time, and not by anything else that happens to the session', () => {
    const { tokens, open, end, count } = house()
    const id = open('first', 'second')
    open('other')
    count(id)
    expect(['first', 'second'].map((token) => tokens.isSpent(token))).toEqual([false, false])
    end(id)
    expect(['first', 'second', 'other'].map((token) => tokens.isSpent(token))).toEqual([true, true, false])
  })

  it('opens another session when the time of its first one ran out', () => {
    const { tokens, open, end, pass } = house()
    const id = open('token')
    pass(lifetimeMs)
    end(id)
    expect(tokens.isSpent('token')).toBe(false)
    end(open('token'))
    expect(tokens.isSpent('token')).toBe(true)
  })

  it('is remembered with a session while fewer than thirty-two newer ones were used', () => {
    const { tokens, open, end } = house()
    const many = Array.from({ length: 100 }, (_, index) => `token-${index}`)
    end(open(...many, 'token-80'))
    const spent = many.filter((token) => tokens.isSpent(token))
    expect(spent).toEqual(many.slice(-32))
  })

  it('is forgotten when thousands of others were spent after it, and memory stays bounded', () => {
    const { tokens, open, end } = house()
    for (let index = 0; index <= 10_000; index++) end(open(`token-${index}`))
    expect([0, 1, 10_000].map((index) => tokens.isSpent(`token-${index}`))).toEqual([false, true, true])
  })
})
