import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { pinnedNode, runCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A browser that signs in as whoever it belongs to. */
async function browserOf(home: string, caPem: string, login: string): Promise<string> {
  const bin = join(home, 'bin')
  await mkdir(bin, { recursive: true })
  const module = join(root, 'test/identity/browser.ts')
  const code = `const { Browser } = await import(${JSON.stringify(module)})
await new Browser(${JSON.stringify(caPem)}, ${JSON.stringify({ login, password: 'any' })}).open(process.argv[1])`
  await writeFile(join(bin, 'xdg-open'), `#!/bin/sh\nexec '${pinnedNode}' --input-type=module -e '${code}' "$1"\n`, {
    mode: 0o700,
  })
  return bin
}

it('the practice provider has somebody who works and somebody who reviews, as the built-in policy knows them', async () => {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder()).path
  const idp = spawn(pinnedNode, [join(root, 'scripts/practice-idp.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  parts.defer(async () => {
    idp.kill()
    if (idp.exitCode === null && idp.signalCode === null) await once(idp, 'exit')
  })
  let said = ''
  for await (const chunk of idp.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk)
    if (said.includes('review --config')) break
  }
  const config = join(folder, 'chaperone.yaml')
  expect(said).toContain(`scripts/start login --config ${config}`)
  const settings = parse(await readFile(config, 'utf8')) as {
    identity: { jwt: [{ issuer: { certificateAuthority: string } }] }
  }
  const caPem = settings.identity.jwt[0].issuer.certificateAuthority
  const as = async (login: string, args: readonly string[]) => {
    const env = {
      HOME: folder,
      DISPLAY: ':0',
      PATH: `${await browserOf(join(folder, login), caPem, login)}:${process.env['PATH'] ?? ''}`,
    }
    return runCli([...args.slice(0, 1), '--config', config, ...args.slice(1)], { env })
  }
  expect((await as('ana', ['login'])).stderr).toContain('signed in as ana (chaperone:operators).')
  const sign = ['--sign-in', join(folder, 'rob-sign-in')]
  expect((await as('rob', ['login', ...sign])).stderr).toContain('signed in as rob (chaperone:reviewers).')
  const pods = await as('ana', [
    'run',
    '--practice',
    '--',
    await kubectlPath(),
    'get',
    'pods',
    '-n',
    'shop-production',
    '-o',
    'name',
  ])
  expect([pods.code, pods.stdout]).toEqual([0, expect.stringContaining('pod/')])
  const gone = await as('ana', [
    'run',
    '--practice',
    '--wait',
    '0',
    '--',
    await kubectlPath(),
    'delete',
    'namespace',
    'shop-staging',
  ])
  expect([gone.code, gone.stderr]).toEqual([120, expect.stringContaining('held')])
  // A broker waits for the review of what it holds, and ends after it.
  const id = /h-[a-z2-9]{6}/.exec(gone.stderr)?.[0] ?? ''
  expect(await as('rob', ['held', 'deny', id, '--comment', 'no', ...sign])).toMatchObject({ code: 0 })
})
