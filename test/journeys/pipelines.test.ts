import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { searchJournal } from '../../src/journal/reader.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import { startPractice } from '../../src/practice/server.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { issued } from '../proxy/certificate.ts'
import { builtMain, pinnedNode, startCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

/** The page's own text is what runs here: its configuration, its commands, and what its pipelines say. */
const docs = fileURLToPath(new URL('../../docs', import.meta.url))
const page = await readFile(join(docs, 'pipelines.md'), 'utf8')
const run = promisify(execFile)

/** The block of the page whose first line, a comment, names it. */
function block(name: string): string {
  const blocks = Array.from(page.matchAll(/^```\w+\n(?:#|\/\/) (.*)\n([\s\S]*?)^```$/gm))
  const [, , content] = blocks.find(([, title]) => title === name) ?? []
  if (content === undefined) throw new Error(`docs/pipelines.md has no block named ${name}.`)
  return content
}

interface Workflow {
  readonly jobs: {
    readonly deploy: { readonly env: Record<string, string>; readonly steps: readonly { readonly run?: string }[] }
  }
}
interface GitlabJobs {
  readonly deploy: {
    readonly id_tokens: Record<string, { readonly aud: string }>
    readonly variables: Record<string, string>
    readonly script: readonly string[]
  }
}

const issuers = [
  'https://token.actions.githubusercontent.com',
  'https://gitlab.com',
  'https://jenkins.example.com/oidc',
]
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1' }] },
    },
  },
}

const parts = new AsyncDisposableStack()
let repository: string
let state: string
let signIn: (issuer: string, claims: Record<string, unknown>) => Promise<string>
let base: Record<string, string>
let github: { readonly url: string; give: string }

beforeAll(async () => {
  repository = parts.use(await temporaryFolder()).path
  state = join(repository, 'state')
  const pem = await issued()
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
  const given = { url: '', give: '' }
  // Each issuer of the page below a path of its own, and where GitHub gives a job its token.
  const server = createServer({ key: pem.key, cert: pem.cert }, (asked, reply) => {
    const [, index = '', what = ''] = (asked.url ?? '').split('/')
    const issuer = `${given.url}/${index}`
    const isJob = asked.headers.authorization === 'Bearer of-this-job-and-of-no-other'
    const document =
      what === 'keys'
        ? { keys: [key] }
        : what.startsWith('token')
          ? { value: isJob && what.endsWith('&audience=chaperone') ? given.give : '' }
          : { issuer, jwks_uri: `${issuer}/keys` }
    reply.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  parts.defer(() => void server.close())
  given.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  github = given
  const standIn = (url: string) => `${given.url}/${issuers.indexOf(url)}`
  signIn = (issuer, claims) =>
    new SignJWT({ iss: standIn(issuer), aud: 'chaperone', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey)

  const practice = parts.adopt(await startPractice({ host: '127.0.0.1', port: 0 }), (cluster) => cluster.close())
  const admin = join(repository, 'admin')
  await writeFile(admin, practice.kubeconfig)
  const kubectl = await kubectlPath()
  await run(kubectl, ['--kubeconfig', admin, 'create', 'namespace', 'shop'])

  const config = parse(block('chaperone.yaml')) as { listen: string; identity: { jwt: { issuer: { url: string } }[] } }
  config.listen = '127.0.0.1:0'
  config.identity.jwt = config.identity.jwt.map((one) => ({
    ...one,
    issuer: { ...one.issuer, url: standIn(one.issuer.url), certificateAuthority: pem.ca },
  }))
  await writeFile(join(repository, 'chaperone.yaml'), stringify(config))
  await copyFile(join(docs, 'policies', 'ci-deployer.yaml'), join(repository, 'ci-deployer.yaml'))
  await mkdir(join(repository, 'deploy'))
  await writeFile(join(repository, 'deploy', 'web.yaml'), stringify(deployment))
  const serve = ['serve', '--yes', '--config', 'chaperone.yaml', '--kubeconfig', admin, '--state', state]
  parts.use(await startCli(serve, join(repository, 'ready'), { cwd: repository, env: { HOME: repository } }))

  const bin = join(repository, 'bin')
  await mkdir(bin)
  await symlink(kubectl, join(bin, 'kubectl'))
  const program = `#!/bin/sh\nexec '${pinnedNode}' '${builtMain}' "$@" --state '${state}'\n`
  await writeFile(join(bin, 'chaperone'), program, { mode: 0o700 })
  base = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: repository,
    CURL_CA_BUNDLE: join(repository, 'system.pem'),
  }
  await writeFile(base['CURL_CA_BUNDLE'] ?? '', pem.ca)
  await shell(block('once'))
}, 60_000)
afterAll(() => parts.disposeAsync())

/** Commands as a CI runs them: in the repository, ending with the first that fails. */
function shell(commands: string, variables: Record<string, string> = {}) {
  return run('sh', ['-e', '-c', commands], { cwd: repository, env: { ...base, ...variables } })
}

async function requestsOf(user: string): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = []
  for await (const event of searchJournal(join(state, 'journal'), { user })) events.push(event)
  return events
}

it('the configuration is one that the broker takes as it stands, and the kubeconfigs hold no secret', async () => {
  expect(parseConfig(block('chaperone.yaml'), 'chaperone.yaml').identity?.jwt).toHaveLength(issuers.length)
  for (const name of ['github', 'gitlab', 'jenkins']) {
    const text = await readFile(join(repository, `${name}.kubeconfig`), 'utf8')
    expect(text).toContain('certificate-authority-data')
    expect(text).not.toMatch(/PRIVATE KEY|"token":|client-key|eyJ/)
  }
})

describe('GitHub Actions', () => {
  const claims = { repository_owner: 'acme', repository: 'acme/shop', run_id: '77', workflow: 'deploy', actor: 'ana' }
  const { deploy } = (parse(block('.github/workflows/deploy.yaml')) as Workflow).jobs
  const job = (more: Record<string, string> = {}) =>
    shell(deploy.steps.flatMap(({ run: command }) => command ?? []).join('\n'), {
      ...deploy.env,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${github.url}/0/token?api=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-this-job-and-of-no-other',
      ...more,
    })

  it('deploys, and the journal names repository, run, task and who started it', async () => {
    const sub = 'repo:acme/shop:ref:refs/heads/main'
    github.give = await signIn(issuers[0] ?? '', { ...claims, sub, ref: 'refs/heads/main' })
    expect((await job()).stdout).toContain('successfully rolled out')
    const events = await requestsOf(`github:${sub}`)
    expect(events[0]?.user.extra).toMatchObject({
      'chaperone/repository': ['acme/shop'],
      'chaperone/run': ['77'],
      'chaperone/task': ['deploy'],
    })
    const applied = events.find(({ annotations }) => annotations['chaperone/claimed-command']?.includes(' apply '))
    expect(applied?.annotations['chaperone/claimed-command']).toMatch(
      /kubectl apply --namespace shop --filename deploy\/$/,
    )
    expect(new Set(events.map(({ annotations }) => annotations['chaperone/on-behalf-of']))).toEqual(new Set(['ana']))
    expect(JSON.stringify(events)).not.toContain(github.give)
  })

  it.each([
    ['of another branch', { sub: 'repo:acme/shop:ref:refs/heads/x', ref: 'refs/heads/x' }, /403|Forbidden|forbidden/],
    ['of a stranger', { sub: 'x', ref: 'refs/heads/main', repository_owner: 'mallory' }, /not one of ours/],
  ])('deploys nothing from a repository %s', async (_name, over, says) => {
    github.give = await signIn(issuers[0] ?? '', { ...claims, ...over })
    // On GitHub each job has a home of its own, or asks with a token of its own.
    const refused = job({ XDG_CACHE_HOME: join(repository, `cache-${over.sub.length}`) })
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringMatching(says) as string })
  })
})

describe('GitLab', () => {
  const { id_tokens: tokens, variables, script } = (parse(block('.gitlab-ci.yml')) as GitlabJobs).deploy
  const claims = { project_path: 'acme/shop', pipeline_id: '9', user_login: 'ana', ref: 'main', ref_protected: 'true' }
  const job = async (over: Record<string, unknown> = {}) => {
    const [name = ''] = Object.keys(tokens)
    const aud = tokens[name]?.aud
    const sub = 'project_path:acme/shop:ref_type:branch:ref:main'
    const token = await signIn(issuers[1] ?? '', { ...claims, sub, aud, ...over })
    return shell(script.join('\n'), { ...variables, [name]: token })
  }

  it('deploys', async () => {
    expect((await job()).stdout).toContain('successfully rolled out')
  })

  it('deploys nothing from a branch that anybody may push to, or with a token for another service', async () => {
    await expect(job({ ref_protected: 'false' })).rejects.toMatchObject({
      stderr: expect.stringMatching(/orbidden/) as string,
    })
    await expect(job({ aud: 'vault' })).rejects.toMatchObject({
      stderr: expect.stringMatching(/another audience/) as string,
    })
  })
})

it('Jenkins deploys', async () => {
  const text = block('Jenkinsfile')
  const commands = Array.from(text.matchAll(/^\s*sh '(.*)'$/gm), ([, command]) => command ?? '')
  expect(commands).toHaveLength(2)
  const [, variable = ''] = /variable: '(\w+)'/.exec(text) ?? []
  const [, kubeconfig = ''] = /KUBECONFIG = '(.*)'/.exec(text) ?? []
  const sub = 'https://jenkins.example.com/job/shop/job/main/'
  const token = await signIn(issuers[2] ?? '', { sub, build_number: 12 })
  const { stdout } = await shell(commands.join('\n'), { KUBECONFIG: kubeconfig, [variable]: token })
  expect(stdout).toContain('successfully rolled out')
  expect((await requestsOf(`jenkins:${sub}`))[0]?.user.extra).toEqual({ 'chaperone/run': ['12'] })
})

it('its session is listed, and revoking it throws the job out for good', async () => {
  const name = 'gitlab:revoked'
  const token = await signIn(issuers[1] ?? '', {
    project_path: 'acme/shop',
    pipeline_id: '10',
    user_login: 'ana',
    ref: 'main',
    ref_protected: 'true',
    sub: 'revoked',
  })
  const job = { KUBECONFIG: 'gitlab.kubeconfig', CHAPERONE_TOKEN: token }
  const get = () => shell('kubectl get deployments --namespace shop', job)
  expect((await get()).stdout).toContain('web')
  const { stdout } = await shell('chaperone sessions list')
  const [id = ''] = /^s-\w+(?=  running  client  gitlab:revoked  )/m.exec(stdout) ?? []
  expect((await shell(`chaperone sessions revoke ${id}`)).stdout).toContain(`${id}  ended  client  ${name}`)
  await expect(get()).rejects.toMatchObject({ stderr: expect.stringContaining('must be logged in') as string })
  await expect(get()).rejects.toMatchObject({ stderr: expect.stringContaining('was ended') as string })
  expect((await shell('chaperone sessions list')).stdout).not.toContain(name)
  expect((await shell('chaperone sessions list --all')).stdout).toContain(name)
})
