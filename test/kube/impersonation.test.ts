import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { impersonationHeaders } from '../../src/kube/impersonation.ts'
import { startPractice, type PracticeCluster } from '../../src/practice/server.ts'
import { openPolicy, through, type Through } from '../clients/through.ts'
import { tlsIssuer, type TlsIssuer } from '../identity/tls-issuer.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

const run = promisify(execFile)

const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'pipelines', namespace: 'shop-production' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  subjects: [{ kind: 'Group', name: 'pipelines', apiGroup: 'rbac.authorization.k8s.io' }],
}

const parts = new AsyncDisposableStack()
let practice: PracticeCluster
let issuer: TlsIssuer
let broker: Through
let agent: Agent
beforeAll(async () => {
  const folder = parts.use(await temporaryFolder()).path
  practice = parts.adopt(await startPractice({ host: '127.0.0.1', port: 0 }), (cluster) => cluster.close())
  const [kubeconfig, manifest] = [join(folder, 'admin'), join(folder, 'binding.json')]
  await writeFile(kubeconfig, practice.kubeconfig)
  await writeFile(manifest, JSON.stringify(binding))
  await run(await kubectlPath(), ['--kubeconfig', kubeconfig, 'apply', '-f', manifest])
  issuer = parts.use(
    await tlsIssuer({
      claimMappings: {
        username: { claim: 'sub', prefix: 'ci:' },
        groups: { claim: 'groups', prefix: '' },
        uid: { claim: 'jti' },
        extra: [{ key: 'example.com/repo', valueExpression: 'claims.repo' }],
        onBehalfOf: { claim: 'actor' },
      },
    }),
  )
  broker = parts.use(
    await through(practice.kubeconfig, openPolicy, {
      identity: { jwt: [issuer.config], tokenReview: undefined, credentialLifetimeMs: 600_000 },
      impersonate: true,
    }),
  )
  agent = parts.adopt(new Agent({ connect: { ca: broker.caPem } }), (one) => one.destroy())
})
afterAll(() => parts.disposeAsync())

async function credential(claims: Record<string, unknown>) {
  const subjectToken = await issuer.sign({ repo: 'acme/shop', actor: 'alice', jti: 'u-7', ...claims })
  const answer = await request(`${broker.endpoint}/chaperone/v1/token`, {
    dispatcher: agent,
    method: 'POST',
    body: JSON.stringify({ subjectToken, kind: 'pipeline' }),
  })
  return (await answer.body.json()) as { readonly token: string; readonly sessionID: string }
}

async function pods(namespace: string, token: string) {
  const { statusCode, headers, body } = await request(`${broker.endpoint}/api/v1/namespaces/${namespace}/pods`, {
    dispatcher: agent,
    headers: { authorization: `Bearer ${token}` },
  })
  await body.dump()
  return { code: statusCode, auditID: String(headers['audit-id']) }
}

describe('the cluster acts for the caller', () => {
  it('by its own rights: what the cluster gives the caller, and no more', async () => {
    const { token } = await credential({ groups: ['others', 'pipelines'] })
    expect((await pods('shop-production', token)).code).toBe(200)
    expect((await pods('kube-system', token)).code).toBe(403)
    expect((await pods('shop-production', (await credential({ groups: [] })).token)).code).toBe(403)
    expect((await pods('shop-production', broker.token)).code).toBe(403)
  })

  it('and its audit log names the caller, whom it acts for, its session and the line in our journal', async () => {
    const { token, sessionID } = await credential({ groups: ['pipelines'], sub: 'named' })
    const { auditID } = await pods('shop-production', token)
    const line = practice.auditEvents().findLast((event) => event.auditID === auditID)
    expect(line).toMatchObject({
      impersonatedUser: {
        username: 'ci:named',
        uid: 'u-7',
        groups: expect.arrayContaining(['pipelines']) as string[],
        extra: {
          'example.com/repo': ['acme/shop'],
          'chaperone/session': [sessionID],
          'chaperone/audit-id': [auditID],
          'chaperone/on-behalf-of': ['alice'],
        },
      },
    })
  })
})

describe('the headers', () => {
  const nobody = { user: 'a', uid: '', groups: [], extra: {} }

  it('escape keys, and write one line for each value', () => {
    expect(
      impersonationHeaders({
        user: 'Zoë',
        uid: 'u',
        groups: ['a', 'b'],
        extra: { 'Acme.io/a%b': ['1', '2'], none: [] },
      }),
    ).toEqual({
      'impersonate-user': Buffer.from('Zoë').toString('latin1'),
      'impersonate-uid': 'u',
      'impersonate-group': ['a', 'b'],
      'impersonate-extra-acme.io%2Fa%25b': ['1', '2'],
    })
  })

  it.each([
    [{ ...nobody, user: '' }],
    [{ ...nobody, user: 'a\r\nimpersonate-group: system:masters' }],
    [{ ...nobody, groups: ['a\n'] }],
    [{ ...nobody, extra: { k: ['\u0000'] } }],
  ])('are refused for %j', (as) => {
    expect(() => impersonationHeaders(as)).toThrow(expect.objectContaining({ code: 'ERR_UPSTREAM_CREDENTIAL' }))
  })
})
