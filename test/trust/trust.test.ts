import { execFile } from 'node:child_process'
import { X509Certificate, sign, verify } from 'node:crypto'
import { chmod, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readJournalKeys } from '../../src/trust/signing-key.ts'
import { openTrust } from '../../src/trust/trust.ts'
import { kubectlPath } from '../support/kubectl.ts'

const run = promisify(execFile)
const hosts = ['localhost', '127.0.0.1', '::1']
const day = 24 * 60 * 60 * 1000

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'trust-')), 'trust')
})
afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true, force: true })
})

describe('the certificate authority', () => {
  test('OpenSSL in its strict mode accepts a certificate it issued, for its hosts only', async () => {
    const trust = await openTrust({ folder })
    const { certPem } = await trust.issueServerCertificate({ hosts, days: 7 })
    const leaf = join(folder, 'leaf.pem')
    await writeFile(leaf, certPem)
    const check = (...args: string[]) =>
      run('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', trust.caFile, ...args, leaf])
    await check('-verify_hostname', 'localhost')
    await check('-verify_ip', '::1')
    await expect(check('-verify_hostname', 'example.com')).rejects.toThrow('mismatch')
  })

  test('a TLS client that trusts it talks to localhost and to 127.0.0.1, one that does not refuses', async () => {
    const trust = await openTrust({ folder })
    await using server = await serve(await trust.issueServerCertificate({ hosts, days: 7 }), '{}')
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await fetchText(`https://${host}:${server.port}/`, trust.caPem)).toBe('{}')
    }
    await expect(fetchText(`https://127.0.0.1:${server.port}/`, undefined)).rejects.toThrow(/certificate/)
  })

  test('kubectl trusts it through certificate-authority, with nothing skipped', async () => {
    const trust = await openTrust({ folder })
    const version = JSON.stringify({ major: '1', minor: '31', gitVersion: 'v1.31.0' })
    await using server = await serve(await trust.issueServerCertificate({ hosts, days: 7 }), version)
    const flags = [
      `--server=https://127.0.0.1:${server.port}`,
      `--certificate-authority=${trust.caFile}`,
      '--token=any',
    ]
    const env = { HOME: folder, KUBECONFIG: join(folder, 'none') }
    const { stdout } = await run(await kubectlPath(), [...flags, 'get', '--raw', '/version'], { env })
    expect(stdout).toBe(version)
  })

  test('it and its keys stay the same when it is opened again', async () => {
    const [first, second] = [await openTrust({ folder }), await openTrust({ folder })]
    expect(second.caPem).toBe(first.caPem)
    expect(second.maskKey).toEqual(first.maskKey)
    expect(second.signingKey.keyID).toBe(first.signingKey.keyID)
  })

  test('processes that start at once end up with the same keys', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => openTrust({ folder })))
    expect(new Set(opened.map((trust) => trust.caPem)).size).toBe(1)
    expect(new Set(opened.map((trust) => Buffer.from(trust.maskKey).toString('hex'))).size).toBe(1)
    expect(new Set(opened.map((trust) => trust.signingKey.keyID)).size).toBe(1)
    expect((await readdir(folder)).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  test('before it expires it is renewed, and what it issued before still verifies', async () => {
    const old = await openTrust({ folder })
    const leaf = new X509Certificate((await old.issueServerCertificate({ hosts, days: 7 })).certPem)
    const later = new Date(Date.now() + 300 * day)
    const renewed = await openTrust({ folder, clock: { now: () => later } })
    expect(renewed.caPem).not.toBe(old.caPem)
    expect(await readFile(renewed.caFile, 'utf8')).toBe(renewed.caPem)
    const ca = new X509Certificate(renewed.caPem)
    expect(ca.validToDate.getTime()).toBeGreaterThan(later.getTime() + 300 * day)
    expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true)
  })

  test('a server certificate lives as long as asked, never longer than its authority', async () => {
    const trust = await openTrust({ folder })
    const valid = async (days: number) =>
      new X509Certificate((await trust.issueServerCertificate({ hosts, days })).certPem).validToDate.getTime()
    expect(Math.abs((await valid(7)) - Date.now() - 7 * day)).toBeLessThan(60_000)
    expect(await valid(4000)).toBe(new X509Certificate(trust.caPem).validToDate.getTime())
  })
})

describe('the files', () => {
  const secrets = ['authority.pem', 'journal-signing.key', 'mask.key']

  test('only their owner reads them', async () => {
    await openTrust({ folder })
    const mode = async (path: string) => (await stat(path)).mode & 0o777
    expect(await mode(folder)).toBe(0o700)
    for (const name of secrets) expect(await mode(join(folder, name))).toBe(0o600)
  })

  test.each(secrets)('%s that others may read is refused with what to do', async (name) => {
    await openTrust({ folder })
    await chmod(join(folder, name), 0o640)
    await expect(openTrust({ folder })).rejects.toMatchObject({
      code: 'ERR_STATE',
      advice: expect.stringContaining(`chmod 600 ${join(folder, name)}`),
    })
  })

  test.each(secrets)('%s that is cut short, empty or a link is refused', async (name) => {
    await openTrust({ folder })
    const path = join(folder, name)
    const whole = await readFile(path)
    for (const content of [whole.subarray(0, whole.length - 20), Buffer.alloc(0)]) {
      await writeFile(path, content)
      await expect(openTrust({ folder })).rejects.toMatchObject({ code: 'ERR_STATE' })
    }
    await writeFile(join(folder, 'elsewhere'), whole, { mode: 0o600 })
    await rm(path)
    await symlink(join(folder, 'elsewhere'), path)
    await expect(openTrust({ folder })).rejects.toMatchObject({ code: 'ERR_STATE' })
  })

  test('a folder that others may enter is refused', async () => {
    await openTrust({ folder })
    await chmod(folder, 0o755)
    await expect(openTrust({ folder })).rejects.toMatchObject({
      code: 'ERR_STATE',
      advice: `Run: chmod 700 ${folder}`,
    })
  })

  test('a folder that cannot be made is refused', async () => {
    await writeFile(join(folder, '..', 'file'), '')
    await expect(openTrust({ folder: join(folder, '..', 'file', 'trust') })).rejects.toMatchObject({
      code: 'ERR_STATE',
    })
  })
})

test('the signing key signs what the published key verifies', async () => {
  expect(await readJournalKeys(folder)).toBeUndefined()
  const { signingKey } = await openTrust({ folder })
  const text = Buffer.from('a line')
  const [published] = (await readJournalKeys(folder)) ?? []
  expect(published?.equals(signingKey.publicKey)).toBe(true)
  expect(verify(null, text, signingKey.publicKey, sign(null, text, signingKey.privateKey))).toBe(true)
  expect(signingKey.keyID).toMatch(/^[0-9a-f]{64}$/)
  await writeFile(join(folder, 'journal-signing.pub'), 'nonsense')
  await expect(readJournalKeys(folder)).rejects.toMatchObject({ code: 'ERR_STATE' })
})

async function serve(tls: { keyPem: string; certPem: string }, body: string) {
  const server = createServer({ key: tls.keyPem, cert: tls.certPem }, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function fetchText(url: string, ca: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ...(ca === undefined ? {} : { ca }), family: 4, agent: false }, (response) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (chunk: string) => (text += chunk)).on('end', () => resolve(text))
    })
    call.on('error', reject).end()
  })
}
