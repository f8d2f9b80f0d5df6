import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clientKubeconfig } from '../../src/commands/kubeconfig.ts'
import { pluginScript, type PluginOptions } from '../../src/commands/plugin-script.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import { searchJournal } from '../../src/journal/reader.ts'
import { startPractice } from '../../src/practice/server.ts'
import { openPolicy, through, type Through } from '../clients/through.ts'
import { tlsIssuer, type TlsIssuer } from '../identity/tls-issuer.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

const run = promisify(execFile)

const parts = new AsyncDisposableStack()
let issuer: TlsIssuer
let broker: Through
let folder: string
let home: string
let count = 0
beforeAll(async () => {
  folder = parts.use(await temporaryFolder()).path
  const practice = parts.adopt(await startPractice({ host: '127.0.0.1', port: 0 }), (cluster) => cluster.close())
  issuer = parts.use(await tlsIssuer())
  broker = parts.use(
    await through(practice.kubeconfig, openPolicy, {
      identity: { jwt: [issuer.config], tokenReview: undefined, credentialLifetimeMs: 600_000 },
    }),
  )
})
afterAll(() => parts.disposeAsync())
beforeEach(async () => {
  home = join(folder, `home-${++count}`)
  await mkdir(home)
})

const script = (over: Partial<PluginOptions> = {}) =>
  pluginScript({
    endpoint: broker.endpoint,
    caPem: broker.caPem,
    source: { kind: 'variable', name: 'CI_TOKEN' },
    kind: 'pipeline',
    reason: "it's a test",
    waitMs: 0,
    ...over,
  })

interface Answer {
  readonly apiVersion: string
  readonly kind: string
  readonly status: { readonly token: string; readonly expirationTimestamp: string }
}

/** As many answers as one process gets that asks so often; a process of its own for each call, as kubectl is. */
async function askedBy(times: number, text: string, variables: Record<string, string>, shell = 'sh') {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, ...variables }
  const { stdout } = await run('sh', ['-c', `${'"$0" -c "$1" || exit; '.repeat(times)}exit 0`, shell, text], { env })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer)
}

async function asked(text: string, variables: Record<string, string>, shell = 'sh'): Promise<Answer> {
  const [answer] = await askedBy(1, text, variables, shell)
  if (answer === undefined) throw new Error('The plugin said nothing.')
  return answer
}

const cache = () => join(home, '.cache', 'chaperone')
/** The files that hold credentials. */
const credentials = async () => (await readdir(cache())).filter((name) => !name.endsWith('.last'))
const signed = (answer: Answer) => answer.status.token.split('~')[0]

describe('the plugin', () => {
  it.each(['sh', 'bash'])(
    'gives a credential, by %s, and the same again from a cache that only its owner reads',
    async (shell) => {
      const env = { CI_TOKEN: await issuer.sign({}) }
      const first = await asked(script(), env, shell)
      expect(first).toMatchObject({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' })
      expect(Date.parse(first.status.expirationTimestamp)).toBeGreaterThan(Date.now() + 500_000)
      expect(signed(await asked(script(), env, shell))).toBe(signed(first))
      const names = await credentials()
      expect(names).toHaveLength(1)
      const modes = [await stat(cache()), await stat(join(cache(), names[0] ?? ''))].map(({ mode }) => mode & 0o777)
      expect(modes).toEqual([0o700, 0o600])
      expect(await readFile(join(cache(), names[0] ?? ''), 'utf8')).not.toContain(env.CI_TOKEN)
    },
  )

  it('asks nobody while the cache is fresh, and prolongs its session when it is stale', async () => {
    const env = { CI_TOKEN: await issuer.sign({ sub: 'prolonged' }) }
    const first = await asked(script(), env)
    const [name = ''] = await credentials()
    const lines = (await readFile(join(cache(), name), 'utf8')).split('\n')
    await writeFile(join(cache(), name), ['0', ...lines.slice(1)].join('\n'))
    const second = await asked(script(), env)
    expect(signed(second)).not.toBe(signed(first))
    const sessions = (await broker.control.listSessions()).filter(({ subject }) => subject.name === 'ci:prolonged')
    expect(sessions).toHaveLength(1)
  })

  it('gives no credential twice to one process, which asks again only when it was refused', async () => {
    const env = { CI_TOKEN: await issuer.sign({ sub: 'refused' }) }
    const [first, second] = await askedBy(2, script(), env)
    if (first === undefined || second === undefined) throw new Error('two were asked for')
    expect(signed(second)).not.toBe(signed(first))
    expect(signed(await asked(script(), env))).toBe(signed(second))
  })

  it.each([
    ['empty', ''],
    ['of one line', '99999999999\n'],
    ['no text of ours', '\u0000\u0001garbage\n\n\n\n'],
    ['with a time that is none', 'soon\nx\ny\nz\n'],
    [
      'of another machine or before it was started again',
      '9999999999 another-boot\n2100-01-01T00:00:00Z\ns-abcdefgh\nz\n',
    ],
    ['with a time beyond numbers', `${'9'.repeat(40)}\nx\ns-","kind":"x\nz\n`],
  ])('a cache that is %s is made anew', async (_name, content) => {
    const env = { CI_TOKEN: await issuer.sign({}) }
    await asked(script(), env)
    const [name = ''] = await credentials()
    await writeFile(join(cache(), name), content)
    expect(signed(await asked(script(), env))).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  it('two jobs of one user never share a credential', async () => {
    const [one, two] = await Promise.all(
      ['job-1', 'job-2'].map(async (sub) => asked(script(), { CI_TOKEN: await issuer.sign({ sub }) })),
    )
    expect(one && signed(one)).not.toBe(two && signed(two))
    expect(await credentials()).toHaveLength(2)
  })

  it('reads the token of a workload from its file, with or without a newline at its end', async () => {
    for (const end of ['', '\n']) {
      const path = join(home, `it's a token${end.length}`)
      await writeFile(path, (await issuer.sign({ sub: `file-${end.length}` })) + end)
      expect(signed(await asked(script({ source: { kind: 'file', path } }), {}))).toMatch(/^ey/)
    }
  })

  it('gets a token from GitHub, whose secret is in no argument', async () => {
    const bin = join(home, 'bin')
    const seen = join(home, 'seen')
    await mkdir(bin)
    const token = await issuer.sign({ sub: 'github' })
    // Stands in for curl where GitHub is asked, and is curl where the broker is.
    const fake = `#!/bin/sh
printf '%s\\n' "$*" >>'${seen}'
case "$*" in
*token.example*) cat >>'${seen}.stdin'; printf '{ "count": 1, "value": "${token}" }';;
*) exec "$REAL_CURL" "$@";;
esac`
    await writeFile(join(bin, 'curl'), fake)
    await chmod(join(bin, 'curl'), 0o700)
    const { stdout } = await run('sh', ['-c', 'command -v curl'])
    const answer = await asked(script({ source: { kind: 'github', audience: 'chaperone' } }), {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      REAL_CURL: stdout.trim(),
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example/x?y=1',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'the-secret-of-this-run-of-the-job',
    })
    expect(signed(answer)).toMatch(/^ey/)
    const words = await readFile(seen, 'utf8')
    expect(words).toContain('https://token.example/x?y=1&audience=chaperone')
    for (const secret of ['the-secret-of-this-run', token, signed(answer) ?? '']) expect(words).not.toContain(secret)
    expect(await readFile(`${seen}.stdin`, 'utf8')).toContain('Authorization: Bearer the-secret-of-this-run')
  })

  it.each([
    ['there is no token', {}, /there is no token in the variable CI_TOKEN/],
    ['the token is none', { CI_TOKEN: 'short' }, /no JSON Web Token/],
    ['it would end the shell', { CI_TOKEN: `$(touch ${'x'.repeat(40)})";'` }, /no JSON Web Token/],
    [
      'the broker does not take it',
      { CI_TOKEN: `${'a'.repeat(40)}.b.${'c'.repeat(40)}` },
      /no credential: This is no JSON Web Token/,
    ],
  ])('says in one sentence that %s', async (_name, variables, words) => {
    await expect(asked(script(), variables)).rejects.toMatchObject({ stderr: expect.stringMatching(words) as string })
  })

  it('trusts no other authority than that of its broker', async () => {
    const text = script({ caPem: issuer.caPem })
    await expect(asked(text, { CI_TOKEN: await issuer.sign({}) })).rejects.toMatchObject({
      stderr: expect.stringContaining('certificate') as string,
    })
  })
})

it('kubectl works with such a kubeconfig, and all requests of one command are tied together in the journal', async () => {
  const path = join(home, 'kubeconfig')
  const content = JSON.stringify(clientKubeconfig('c', broker.endpoint, broker.caPem, script()))
  await writeFile(path, content)
  const token = await issuer.sign({ sub: 'kubectl' })
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: path, CI_TOKEN: token }
  const kubectl = await kubectlPath()
  await run(kubectl, ['get', 'pods,services', '-n', 'shop-production'], { env })
  // What a sign-in writes is on disk before its answer, and so is all that came before it.
  await asked(script(), { CI_TOKEN: await issuer.sign({ sub: 'last' }) })
  const events: AuditEvent[] = []
  for await (const event of searchJournal(join(broker.state, 'journal'), { user: 'ci:kubectl' })) events.push(event)
  const got = events.filter(({ annotations }) => annotations['chaperone/claimed-command']?.includes('pods,services'))
  expect(new Set(got.map(({ objectRef }) => objectRef?.resource))).toEqual(new Set([undefined, 'pods', 'services']))
  expect(new Set(got.map(({ annotations }) => annotations['chaperone/claimed-process'])).size).toBe(1)
  expect(got[0]?.annotations['chaperone/claimed-command']).toMatch(/kubectl get pods,services -n shop-production$/)
})

it('kubectl gets on by itself after the broker has been restarted and no longer knows the credential in the cache', async () => {
  const path = join(home, 'kubeconfig')
  await writeFile(path, JSON.stringify(clientKubeconfig('c', broker.endpoint, broker.caPem, script())))
  const token = await issuer.sign({ sub: 'restarted' })
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: path, CI_TOKEN: token }
  const kubectl = await kubectlPath()
  const get = () => run(kubectl, ['get', 'pods', '-n', 'shop-production', '-o', 'name'], { env })
  await get()
  const [name = ''] = await credentials()
  const lines = (await readFile(join(cache(), name), 'utf8')).split('\n')
  await writeFile(join(cache(), name), lines.with(3, 'eyJhbGciOiJFZERTQSJ9.e30.of-an-earlier-broker').join('\n'))
  // client-go does not repeat what was refused: at most that one command fails.
  await get().catch(() => undefined)
  expect((await get()).stdout).toContain('pod/')
})

describe('what comes from outside', () => {
  it('of a CA file only the certificates are in the script', async () => {
    const word = 'touch "$HOME/ran"'
    for (const line of ['PEM', 'END_OF_CERTIFICATES']) {
      const text = script({ caPem: `${word}\n${broker.caPem}\n${line}\n${word}\n` })
      expect(text).not.toContain('touch')
      expect((await asked(text, { CI_TOKEN: await issuer.sign({}) })).kind).toBe('ExecCredential')
    }
    expect(await readdir(home)).not.toContain('ran')
  })

  it.each([
    ['no certificate', 'PEM\ntouch x\n', 'there is no certificate'],
    [
      'a broken one',
      '-----BEGIN CERTIFICATE-----\nMIIBkTCB\nPEM\ntouch x\n-----END CERTIFICATE-----\n',
      'holds no certificate that can be read',
    ],
  ])('a CA file with %s is refused', (_what, caPem, message) => {
    expect(() => script({ caPem })).toThrow(message)
  })

  it.each(['caller', 'stat', 'clock', 'now', 'rest', 'name', 'own', 'token', 'cache', 'said'])(
    'the token may be in a variable named %s, as the script has one too',
    async (name) => {
      const answer = await asked(script({ source: { kind: 'variable', name } }), { [name]: await issuer.sign({}) })
      expect(answer.status.token).not.toBe('')
    },
  )
})
