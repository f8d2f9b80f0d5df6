import { randomBytes, randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { Credentials } from '../../src/identity/credentials.ts'
import { makeExchange } from '../../src/identity/exchange.ts'
import { localSubject } from '../../src/identity/local.ts'
import { SignInLimit } from '../../src/identity/sign-in-limit.ts'
import { SpentTokens } from '../../src/identity/spent-tokens.ts'
import { newToken, tokenHash } from '../../src/identity/tokens.ts'
import { Fault, toFault } from '../../src/model/fault.ts'
import { SessionRegistry } from '../../src/session/registry.ts'
import { newCredentialKey } from '../../src/trust/credential-key.ts'

/** An exchange where `NAME.signed` is a token that a signature verifies, and the cluster is asked about all others. */
function exchange() {
  const now = () => 0
  const asked: string[] = []
  const gone = new Set<string>()
  const name = (token: string) => token.split('.')[0] ?? ''
  const verify = (token: string) => {
    if (!token.endsWith('.signed')) asked.push(token)
    const isKnown = /^(ana|bob|robot)\./.test(token)
    return isKnown
      ? Promise.resolve(localSubject({ name: name(token), uid: 1 }))
      : Promise.reject(new Fault('ERR_UNAUTHENTICATED', 'Nobody knows this token.'))
  }
  const run = makeExchange({
    authenticators: { verify },
    asksCluster: (token) => !token.endsWith('.signed'),
    sessions: new SessionRegistry({
      now: () => new Date(0),
      random: (bytes) => randomBytes(bytes),
      newToken,
      hash: tokenHash,
    }),
    credentials: new Credentials({ key: newCredentialKey(), audience: 'a', now, newID: randomUUID }),
    limit: new SignInLimit(now),
    lifetimeMs: 600_000,
    now,
    mode: 'local',
    spent: new SpentTokens(),
    isOutdated: ({ name: of }) => gone.has(of),
  })
  /** The session, or the code of the refusal. */
  const tried = (subjectToken: string, sessionID?: string) => {
    const ask = { subjectToken, kind: 'pipeline', waitMs: 0, address: '127.0.0.1' } as const
    return run(sessionID === undefined ? ask : { ...ask, sessionID }).then(
      ({ sessionID: id }) => id,
      (thrown: unknown) => toFault(thrown).code,
    )
  }
  return { tried, asked, gone }
}

it('whoever guesses at signed tokens keeps nobody out who has one', async () => {
  const { tried } = exchange()
  for (let turn = 0; turn < 60; turn++) expect(await tried('guess.signed')).toBe('ERR_UNAUTHENTICATED')
  expect(await tried('guess.signed')).toBe('ERR_QUOTA')
  expect(await tried('ana.signed')).toMatch(/^s-/)
})

it('the cluster is not asked about more than sixty wrong tokens in a minute', async () => {
  const { tried, asked } = exchange()
  for (let turn = 0; turn < 60; turn++) expect(await tried('guess')).toBe('ERR_UNAUTHENTICATED')
  expect(await tried('robot.token')).toBe('ERR_QUOTA')
  expect(asked).toHaveLength(60)
  expect(await tried('ana.signed')).toMatch(/^s-/)
})

it('one subject that signs in without end is stopped, and no other', async () => {
  const { tried } = exchange()
  const session = await tried('ana.signed')
  for (let turn = 1; turn < 600; turn++) expect(await tried('ana.signed', session)).toBe(session)
  expect(await tried('ana.signed', session)).toBe('ERR_QUOTA')
  expect(await tried('bob.signed')).toMatch(/^s-/)
})

it('whoever is taken from the list while their token is looked at begins and prolongs nothing', async () => {
  const { tried, gone } = exchange()
  const before = await tried('ana.signed')
  const [begun, prolonged] = [tried('ana.signed'), tried('ana.signed', before)]
  gone.add('local:ana').add('ana')
  expect([await begun, await prolonged]).toEqual(['ERR_UNAUTHENTICATED', 'ERR_UNAUTHENTICATED'])
})
