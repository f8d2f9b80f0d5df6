import { describe, expect, it } from 'vitest'
import { localSubject } from '../../src/identity/local.ts'
import { keptSpent, parseSpent, spentCollection } from '../../src/identity/kept-spent.ts'
import { SpentTokens, type KeptSpent } from '../../src/identity/spent-tokens.ts'
import { newToken, tokenHash } from '../../src/identity/tokens.ts'
import { SessionRegistry } from '../../src/session/registry.ts'
import { openStore } from '../../src/store/embedded.ts'
import { temporaryFolder } from '../support/tmp.ts'

const lifetimeMs = 600_000

function house(kept?: KeptSpent) {
  let now = Date.parse('2026-11-23T10:00:00Z')
  let byte = 0
  const sessions = new SessionRegistry({
    now: () => new Date(now),
    random: (bytes) => Uint8Array.from({ length: bytes }, () => byte++ % 256),
    newToken,
    hash: tokenHash,
  })
  const tokens = new SpentTokens(kept)
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

  it('stays spent however its signature is spelled', () => {
    const { tokens, open, end } = house()
    end(open('header.payload.c2ln'))
    const spelled = ['header.payload.c2ln', 'header.payload.c2ln==', 'header.payload.c2lo', 'header.payload.']
    expect(spelled.map((token) => tokens.isSpent(token))).toEqual([true, true, true, true])
    expect(tokens.isSpent('header.other.c2ln')).toBe(false)
  })

  it('stays spent when the broker starts again; what ends because the broker does is not', async () => {
    await using folder = await temporaryFolder()
    const faults: unknown[] = []
    const begin = async () => {
      const store = await openStore({ folder: folder.path })
      const kept = await keptSpent(await store.collection(spentCollection, parseSpent), (fault) => faults.push(fault))
      return { store, kept, ...house(kept) }
    }
    const first = await begin()
    const ids = [first.open('a.one.s'), first.open('a.two.s'), first.open('a.three.s')]
    first.end(ids[0] ?? '')
    first.end(ids[1] ?? '')
    first.tokens.close()
    first.end(ids[2] ?? '')
    await first.kept.settled()
    await first.store.close()
    const second = await begin()
    expect(['a.one.s', 'a.two.s', 'a.three.s'].map((token) => second.tokens.isSpent(token))).toEqual([
      true,
      true,
      false,
    ])
    second.end(second.open('a.four.s'))
    await second.kept.settled()
    await second.store.close()
    const third = await begin()
    expect(['a.one.s', 'a.four.s'].map((token) => third.tokens.isSpent(token))).toEqual([true, true])
    expect(faults).toEqual([])
  })

  it('is told where it cannot be kept, and kept with the next', async () => {
    let isFull = true
    const puts: (readonly string[])[] = []
    const told: string[] = []
    const kept = await keptSpent(
      {
        get: () => Promise.resolve(undefined),
        list: () => Promise.resolve([]),
        put: (key, value) => {
          if (isFull) return Promise.reject(new Error('The disk is full.'))
          puts.push(value)
          return Promise.resolve({ key, value, revision: puts.length })
        },
        delete: () => Promise.resolve(),
        subscribe: () => () => undefined,
      },
      ({ sentence }) => told.push(sentence),
    )
    kept.keep(['a'])
    await expect.poll(() => told.length).toBe(1)
    isFull = false
    kept.keep(['a', 'b'])
    await expect.poll(() => puts).toEqual([['a', 'b']])
  })

  it.each([['x'], [[1]], ['0'.repeat(64)], [['0'.repeat(63)]]])('%j in the store is refused', (value) => {
    expect(() => parseSpent(value)).toThrow()
  })
})
