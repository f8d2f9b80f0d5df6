import { describe, expect, it } from 'vitest'
import { localSubject } from '../../src/identity/local.ts'
import { identifyBySession } from '../../src/identity/identify.ts'
import { newToken, tokenHash } from '../../src/identity/tokens.ts'
import type { Session } from '../../src/model/session.ts'
import { SessionRegistry } from '../../src/session/registry.ts'

function registry() {
  let byte = 0
  return new SessionRegistry({
    now: () => new Date('2026-11-23T10:00:00Z'),
    random: (bytes) => Uint8Array.from({ length: bytes }, () => byte++ % 256),
    newToken,
    hash: tokenHash,
  })
}

const ask = {
  kind: 'shell',
  subject: localSubject({ name: 'ana', uid: 1000 }),
  mode: 'local',
  command: ['bash'],
} as const

describe('a session', () => {
  it('is known by its token until it ends, and never after', async () => {
    const sessions = registry()
    const identify = identifyBySession((token) => sessions.byToken(token))
    const { session, token } = sessions.begin(ask)
    expect((await identify(`Bearer ${token}`)).session.id).toBe(session.id)
    sessions.end(session.id)
    await expect(identify(`Bearer ${token}`)).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
  })

  it.each([undefined, '', 'Bearer', 'Basic abc', 'Bearer short', 'Bearer a b', `Bearer ${'x'.repeat(43)}`])(
    'is not opened by the header %j',
    async (header) => {
      const sessions = registry()
      sessions.begin(ask)
      await expect(identifyBySession((token) => sessions.byToken(token))(header)).rejects.toMatchObject({
        code: 'ERR_UNAUTHENTICATED',
      })
    },
  )

  it('keeps its end when ended twice, and tells listeners of each change', () => {
    const sessions = registry()
    const seen: Session[] = []
    const stop = sessions.subscribe((session) => seen.push(session))
    const { session } = sessions.begin(ask)
    sessions.count(session.id, { requests: 1, masked: 4 }, 'rule-allows')
    sessions.count(session.id, { requests: 1, denied: 1 }, 'rule-denies')
    const ended = sessions.end(session.id)
    expect(sessions.end(session.id)).toBe(ended)
    stop()
    sessions.begin(ask)
    expect(seen).toHaveLength(4)
    expect(ended).toMatchObject({ counts: { requests: 2, denied: 1, masked: 4, held: 0 }, lastReason: 'rule-denies' })
    expect(sessions.active()).toHaveLength(1)
  })

  it('gives no one else its place: unknown IDs are refused', () => {
    expect(() => registry().get('s-nothing')).toThrow(/no session s-nothing/)
  })
})
