import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadUpstream } from '../../src/kube/kubeconfig.ts'
import { examineRights, neededRights, type RightsNeed } from '../../src/kube/rights.ts'
import { startPractice, type PracticeCluster } from '../../src/practice/server.ts'
import { temporaryFolder } from '../support/tmp.ts'

const parts = new AsyncDisposableStack()
let practice: PracticeCluster
let admin: Awaited<ReturnType<typeof loadUpstream>>
beforeAll(async () => {
  const folder = parts.use(await temporaryFolder()).path
  practice = parts.adopt(await startPractice({ host: '127.0.0.1', port: 0 }), (cluster) => cluster.close())
  const path = join(folder, 'admin')
  await writeFile(path, practice.kubeconfig)
  admin = parts.adopt(await loadUpstream({ kubeconfigPaths: [path], environment: {} }), (upstream) => upstream.close())
})
afterAll(() => parts.disposeAsync())

const plainly: RightsNeed = { impersonate: false, tokenReview: false, groups: [], extraKeys: [] }

describe('what the credential needs', () => {
  it('is nothing of its own where it does all itself', () => {
    expect(neededRights(plainly)).toEqual([])
  })

  it('is to act for the named groups only, and to look at tokens where that is asked for', () => {
    const need = { impersonate: true, tokenReview: true, groups: ['a', 'b'], extraKeys: ['k/x'] }
    expect(neededRights(need).map(({ verb, resource, name = '' }) => [verb, resource, name].join(' ').trim())).toEqual([
      'impersonate users',
      'impersonate groups a',
      'impersonate groups b',
      'impersonate serviceaccounts',
      'impersonate uids',
      'impersonate userextras/k/x',
      'create tokenreviews',
    ])
  })
})

describe('what the credential has', () => {
  it('is too much when it is everything', async () => {
    const report = await examineRights(admin, { ...plainly, impersonate: true })
    expect(report).toMatchObject({ missing: [], excess: [{ verb: '*', resource: '*' }] })
    expect(report.user).not.toBe('')
  })

  it('is asked for without changing anything', async () => {
    const before = practice.auditEvents().length
    await examineRights(admin, { ...plainly, impersonate: true })
    const asked = practice.auditEvents().slice(before)
    expect(new Set(asked.map(({ requestURI }) => requestURI))).toEqual(
      new Set([
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      ]),
    )
  })
})
