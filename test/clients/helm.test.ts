import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { clients } from './clients.ts'
import { chart } from './helm-story.ts'
import { openPolicy, through } from './through.ts'

const password = 'hunter2-of-the-story'
const other = 'swordfish-of-the-story'

/** What the cluster keeps of a release. */
interface Kept {
  readonly name: string
  readonly version: number
  readonly info: { readonly status: string }
  readonly config?: Readonly<Record<string, unknown>>
  readonly manifest: string
}

/** helm and kubectl as an operator has them, through the broker, and on the cluster itself. */
async function helmHouse(minor: number) {
  const [client] = await clients([minor])
  if (client === undefined) throw new Error(`There is no helm for 1.${minor}.`)
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder()).path
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  parts.defer(() => practice.close())
  const broker = parts.use(await through(practice.kubeconfig, openPolicy))
  for (const [name, text] of Object.entries(chart)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const using = async (name: string, kubeconfig: string) => {
    const path = join(folder, name)
    await writeFile(path, kubeconfig, { mode: 0o600 })
    return (program: 'helm' | 'kubectl', ...args: string[]) =>
      new Promise<{ code: number; text: string; stdout: string }>((done) => {
        const env = { HOME: folder, KUBECONFIG: path, PATH: process.env['PATH'] ?? '' }
        const options = { env, cwd: folder, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 }
        execFile(client[program], ['-n', 'default', ...args], options, (error, stdout, stderr) => {
          done({ code: error === null ? 0 : Number(error.code ?? 1), text: stdout + stderr, stdout })
        })
      })
  }
  const shown = await using('shown', broker.kubeconfig)
  const direct = await using('direct', practice.kubeconfig)
  const opened = parts.move()
  return { shown, direct, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

function unpack(packed: string): Kept {
  const inner = Buffer.from(Buffer.from(packed, 'base64').toString('latin1'), 'base64')
  return JSON.parse(gunzipSync(inner).toString('utf8')) as Kept
}

type Run = Awaited<ReturnType<typeof helmHouse>>['shown']

async function releases(run: Run): Promise<readonly Kept[]> {
  const { stdout } = await run('kubectl', 'get', 'secrets', '-l', 'owner=helm', '-o', 'json')
  const { items } = JSON.parse(stdout) as { items: { data: { release: string } }[] }
  return items.map(({ data: { release } }) => unpack(release)).toSorted((one, two) => one.version - two.version)
}

async function storedPassword(run: Run): Promise<string> {
  const { stdout } = await run('kubectl', 'get', 'secret', 'kettle', '-o', 'jsonpath={.data.password}')
  return Buffer.from(stdout, 'base64').toString()
}

describe.each([28, 35])('helm that came with kubectl 1.%i works while its secrets are masked:', (minor) => {
  test('install, look, upgrade, keep values, roll back, uninstall', { timeout: 240_000 }, async () => {
    await using house = await helmHouse(minor)
    const { shown, direct } = house
    const helm = async (...args: string[]) => {
      const ran = await shown('helm', ...args)
      expect([args.join(' '), ran.code, ran.code === 0 ? '' : ran.text]).toEqual([args.join(' '), 0, ''])
      expect(ran.text).not.toMatch(/hunter2|swordfish/)
      return ran.stdout
    }
    /** Nothing that stands for a value was stored, and every release has its own password. */
    const expectWhole = async (...passwords: readonly string[]) => {
      const kept = await releases(direct)
      expect(JSON.stringify(kept)).not.toContain('chaperone-masked')
      expect(
        kept.map(({ config, manifest }) => [config?.['password'], /password: "?([^"}]*)"?\}/.exec(manifest)?.[1]]),
      ).toEqual(passwords.map((one) => [one, one]))
    }

    await helm('install', 'kettle', 'chart', '--set', `password=${password}`)
    expect(await helm('list', '-o', 'json')).toContain('"status":"deployed"')
    expect(await helm('status', 'kettle')).toContain('STATUS: deployed')
    expect(await helm('get', 'values', 'kettle')).toMatch(/password: chaperone-masked-[0-9a-f]{32}/)
    expect(await helm('get', 'manifest', 'kettle')).toMatch(/stringData: \{password: "chaperone-masked-[0-9a-f]{32}"\}/)
    await expectWhole(password)

    await helm('upgrade', 'kettle', 'chart', '--set', `replicas=2,password=${other}`)
    await expectWhole(password, other)
    expect(await storedPassword(direct)).toBe(other)

    await helm('upgrade', 'kettle', 'chart', '--reuse-values', '--set', 'replicas=3')
    await expectWhole(password, other, other)
    expect(await storedPassword(direct)).toBe(other)

    await helm('rollback', 'kettle', '1')
    await expectWhole(password, other, other, password)
    expect(await storedPassword(direct)).toBe(password)
    expect(JSON.parse(await helm('history', 'kettle', '-o', 'json'))).toHaveLength(4)

    await helm('uninstall', 'kettle', '--keep-history')
    await expectWhole(password, other, other, password)
    await helm('rollback', 'kettle', '2')
    expect(await storedPassword(direct)).toBe(other)
    await helm('uninstall', 'kettle')
    expect(await releases(direct)).toEqual([])
  })
})
