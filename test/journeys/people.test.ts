import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peopleProvider, type PeopleProvider } from '../identity/people-provider.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { deskOf, type Desk } from './people.ts'

let parts: AsyncDisposableStack
let idp: PeopleProvider
let folder: string
let ana: Desk
beforeEach(async () => {
  parts = new AsyncDisposableStack()
  idp = parts.use(await peopleProvider())
  folder = parts.use(await temporaryFolder()).path
  ana = await deskOf(folder, idp, 'ana')
})
afterEach(() => parts.disposeAsync())

const who = (desk: Desk) => desk.chaperone(['whoami', '--json', '--config', desk.config])

describe('signing in', () => {
  it('opens the browser, says who it is, and signing out is the end of it', async () => {
    expect((await who(ana)).stderr).toContain('Nobody is signed in. Run `chaperone login`.')
    const login = await ana.chaperone(['login', '--config', ana.config])
    expect(login.stderr).toContain('signed in as ana (developers).')
    expect(login.code).toBe(0)
    expect(JSON.parse((await who(ana)).stdout)).toMatchObject({ name: 'ana', groups: ['developers'], issuer: idp.url })
    const state = join(ana.home, '.local/state/chaperone')
    expect(await readdir(state)).toContain('sign-in')
    const secret = (await readFile(join(state, 'sign-in'), 'utf8')).split('"refreshToken":"')[1]?.split('"')[0] ?? ''
    expect(secret).toMatch(/^[\w-]{20,}$/)
    expect(login.stdout + login.stderr).not.toMatch(new RegExp(`${secret}|eyJ`))
    expect((await ana.chaperone(['logout', '--config', ana.config])).stderr).toContain('signed out.')
    expect(idp.asked).toContain('POST /token/revocation')
    expect((await who(ana)).code).toBe(1)
    expect(await readdir(state)).not.toContain('sign-in')
  })

  it('four processes that find the token stale refresh it once between them', async () => {
    await ana.chaperone(['login', '--config', ana.config])
    const path = join(ana.home, '.local/state/chaperone/sign-in')
    const [id = '', json = ''] = (await readFile(path, 'utf8')).split('\n')
    const old = new UnsecuredJWT({ sub: 'ana', iat: 1_700_000_000, exp: 1_700_000_600 }).encode()
    await writeFile(path, `${id}\n${JSON.stringify({ ...(JSON.parse(json) as object), idToken: old })}\n`)
    const all = await Promise.all([1, 2, 3, 4].map(() => who(ana)))
    expect(all.map(({ stderr, code }) => [stderr, code])).toEqual(Array(4).fill(['', 0]))
    expect(idp.asked.filter((line) => line === 'POST /token')).toHaveLength(2)
  })
})

it('without a provider in the configuration, whoever uses the system is who they are', async () => {
  const { stdout } = await ana.chaperone(['whoami'])
  expect(stdout).toMatch(/^by      the system: no provider is configured$/m)
  const { stderr, code } = await ana.chaperone(['login'])
  expect([code, stderr]).toEqual([1, expect.stringMatching(/names no provider where people sign in/)])
})
