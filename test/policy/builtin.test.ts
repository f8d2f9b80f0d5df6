import { describe, expect, it } from 'vitest'
import type { JsonValue, ResourceRequest } from '../../src/model/request.ts'
import type { Subject } from '../../src/model/subject.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { ask, operator, resourceRequest } from './request.ts'

const policy = loadPolicy([builtinSource])
const stranger: Subject = { ...operator, name: 'eve', uid: 'u-9', groups: ['visitors'] }

type Expected = 'allow' | 'deny' | 'review' | 'confirm'
type Case = readonly [
  verb: string,
  what: string,
  more: Partial<ResourceRequest>,
  expected: Expected,
  object?: JsonValue,
]

const shop = { namespace: 'shop', name: 'web' }
const all = { namespace: '' }
const system = { namespace: 'kube-system', name: 'web' }
const tokenSecret = { type: 'kubernetes.io/service-account-token', metadata: { name: 'x' } }

const cases: readonly Case[] = [
  ['get', 'pods', shop, 'allow'],
  ['list', 'pods', all, 'allow'],
  ['watch', 'pods', all, 'allow'],
  ['list', 'secrets', all, 'allow'],
  ['get', 'secrets', system, 'allow'],
  ['get', 'pods/log', shop, 'allow'],
  ['get', 'pods/log', system, 'allow'],
  ['get', 'deployments/scale.apps', shop, 'allow'],
  ['get', 'clusterroles.rbac.authorization.k8s.io', { name: 'admin' }, 'allow'],
  ['list', 'widgets.example.com', all, 'allow'],
  ['create', 'selfsubjectaccessreviews.authorization.k8s.io', all, 'allow'],
  ['create', 'selfsubjectrulesreviews.authorization.k8s.io', all, 'allow'],
  ['create', 'selfsubjectreviews.authentication.k8s.io', all, 'allow'],
  ['create', 'subjectaccessreviews.authorization.k8s.io', all, 'deny'],
  ['create', 'tokenreviews.authentication.k8s.io', all, 'deny'],
  ['create', 'tokenreviews.authentication.k8s.io', { dryRun: true }, 'deny'],
  ['create', 'localsubjectaccessreviews.authorization.k8s.io', { ...shop, dryRun: true }, 'deny'],
  ['create', 'configmaps', shop, 'allow'],
  ['update', 'configmaps', shop, 'allow'],
  ['patch', 'deployments.apps', shop, 'allow'],
  ['patch', 'deployments.apps', { ...shop, effects: ['create', 'write'] }, 'allow'],
  ['patch', 'deployments/scale.apps', shop, 'allow'],
  ['create', 'jobs.batch', shop, 'allow'],
  ['create', 'secrets', shop, 'allow', { type: 'Opaque' }],
  ['patch', 'secrets', shop, 'allow', [{ op: 'replace', path: '/data/a', value: 'eA==' }]],
  ['create', 'secrets', shop, 'review', tokenSecret],
  ['patch', 'secrets', { ...shop, dryRun: true }, 'deny', { data: { password: 'Z3Vlc3M=' } }],
  ['patch', 'secrets', { ...shop, dryRun: true, effects: ['create', 'write'] }, 'deny', { data: {} }],
  ['update', 'secrets', { ...shop, dryRun: true }, 'deny', { type: 'Opaque' }],
  ['create', 'secrets', { ...shop, dryRun: true }, 'deny', { type: 'Opaque' }],
  ['delete', 'secrets', { ...shop, dryRun: true }, 'allow'],
  ['patch', 'secrets', { ...shop, effects: ['create', 'write'] }, 'review', tokenSecret],
  ['create', 'namespaces', all, 'allow'],
  ['patch', 'namespaces', { namespace: 'shop', name: 'shop' }, 'confirm'],
  ['delete', 'namespaces', { namespace: 'shop', name: 'shop' }, 'review'],
  ['delete', 'pods', shop, 'allow'],
  ['delete', 'configmaps', shop, 'allow'],
  ['create', 'pods/eviction', shop, 'allow'],
  ['delete', 'deployments.apps', shop, 'confirm'],
  ['delete', 'statefulsets.apps', shop, 'confirm'],
  ['delete', 'daemonsets.apps', shop, 'confirm'],
  ['delete', 'services', shop, 'confirm'],
  ['delete', 'ingresses.networking.k8s.io', shop, 'confirm'],
  ['delete', 'persistentvolumeclaims', shop, 'confirm'],
  ['delete', 'secrets', shop, 'confirm'],
  ['delete', 'deployments.apps', { ...shop, dryRun: true }, 'allow'],
  ['delete', 'deployments.apps', system, 'review'],
  ['deletecollection', 'pods', { namespace: 'shop' }, 'review'],
  ['deletecollection', 'deployments.apps', { namespace: 'shop', dryRun: true }, 'review'],
  ['deletecollection', 'widgets.example.com', all, 'review'],
  ['create', 'rolebindings.rbac.authorization.k8s.io', shop, 'review'],
  ['bind', 'clusterroles.rbac.authorization.k8s.io', shop, 'review'],
  ['create', 'rolebindings.rbac.authorization.k8s.io', { ...shop, dryRun: true }, 'allow'],
  ['create', 'customresourcedefinitions.apiextensions.k8s.io', all, 'review'],
  ['patch', 'mutatingwebhookconfigurations.admissionregistration.k8s.io', all, 'review'],
  ['delete', 'validatingadmissionpolicies.admissionregistration.k8s.io', all, 'review'],
  ['update', 'apiservices.apiregistration.k8s.io', all, 'review'],
  ['create', 'certificatesigningrequests.certificates.k8s.io', all, 'review'],
  ['update', 'certificatesigningrequests/approval.certificates.k8s.io', all, 'review'],
  ['create', 'serviceaccounts/token', shop, 'review'],
  ['create', 'serviceaccounts/token', { ...shop, dryRun: true }, 'review'],
  ['patch', 'persistentvolumes', { name: 'pv-1' }, 'review'],
  ['delete', 'persistentvolumes', { name: 'pv-1' }, 'review'],
  ['patch', 'nodes', { name: 'n1' }, 'review'],
  ['patch', 'nodes/status', { name: 'n1' }, 'review'],
  ['delete', 'storageclasses.storage.k8s.io', { name: 'fast' }, 'review'],
  ['patch', 'configmaps', system, 'review'],
  ['update', 'configmaps', { namespace: 'kube-public', name: 'cluster-info' }, 'review'],
  ['update', 'leases.coordination.k8s.io', { namespace: 'kube-node-lease', name: 'n1' }, 'review'],
  ['create', 'pods', { namespace: 'kube-system' }, 'review'],
  ['patch', 'pods/ephemeralcontainers', shop, 'review'],
  ['create', 'pods/exec', shop, 'review'],
  ['get', 'pods/exec', shop, 'review'],
  ['get', 'pods/attach', shop, 'review'],
  ['create', 'pods/portforward', shop, 'review'],
  ['create', 'pods/exec', { ...shop, dryRun: true }, 'review'],
  ['get', 'pods/exec', system, 'deny'],
  ['create', 'pods/attach', system, 'deny'],
  ['create', 'pods/portforward', system, 'deny'],
  ['get', 'nodes/proxy', { name: 'n1' }, 'deny'],
  ['get', 'pods/proxy', shop, 'deny'],
  ['create', 'services/proxy', shop, 'deny'],
  ['proxy', 'pods', { ...shop, effects: ['exec', 'stream'] }, 'deny'],
  ['impersonate', 'users', { name: 'root' }, 'deny'],
  ['create', 'widgets.example.com', shop, 'confirm'],
  ['create', 'widgets.example.com', { ...shop, dryRun: true }, 'confirm'],
  ['create', 'widgets.x-k8s.io', { ...shop, dryRun: true }, 'confirm'],
  ['create', 'networkpolicies.networking.k8s.io', { ...shop, dryRun: true }, 'allow'],
  ['create', 'bindings', shop, 'deny'],
  ['create', 'pods/binding', shop, 'deny'],
  ['patch', 'pods/resize', shop, 'deny'],
  ['', 'pods', shop, 'deny'],
]

function outcome(subject: Subject, request: ResourceRequest, object?: JsonValue): Expected {
  const decision = policy.decide({ ...ask(request, { subject }), ...(object === undefined ? {} : { object }) })
  return decision.effect === 'hold' ? (decision.requirement.kind === 'review' ? 'review' : 'confirm') : decision.effect
}

describe('The built-in policy', () => {
  it.each(cases.map((one) => [one] as const))('lets an operator %j', ([verb, what, more, expected, object]) => {
    expect(outcome(operator, resourceRequest(verb, what, more), object)).toBe(expected)
  })

  it.each([
    '/api',
    '/apis',
    '/apis/apps',
    '/openapi/v3',
    '/openapi/v3/apis/apps/v1',
    '/version',
    '/healthz',
    '/readyz/etcd',
  ])('lets everyone ask for %s', (path) => {
    const request = { kind: 'non-resource', verb: 'get', path, effects: ['read'] } as const
    expect(policy.decide(ask(request, { subject: stranger })).effect).toBe('allow')
    expect(policy.decide(ask({ ...request, verb: 'post', effects: ['write'] })).effect).toBe('deny')
  })

  it.each(['/metrics', '/logs/', '/debug/pprof/', '/', '/apisx', '/healthzz'])('lets nobody ask for %s', (path) => {
    expect(policy.decide(ask({ kind: 'non-resource', verb: 'get', path, effects: ['read'] })).effect).toBe('deny')
  })

  it('gives someone it does not know nothing without a second person', () => {
    const rights = cases
      .filter(([verb]) => verb !== '')
      .map(([verb, what, more, _expected, object]) => ({
        what: `${verb} ${what}`,
        outcome: outcome(stranger, resourceRequest(verb, what, more), object),
      }))
    const passes = rights.filter((one) => one.outcome === 'allow' || one.outcome === 'confirm')
    expect(passes.map((one) => one.what)).toEqual([
      'create selfsubjectaccessreviews.authorization.k8s.io',
      'create selfsubjectrulesreviews.authorization.k8s.io',
      'create selfsubjectreviews.authentication.k8s.io',
    ])
  })

  it('masks secrets in every answer to a request that reads or returns an object', () => {
    for (const [verb, what, more, expected, object] of cases) {
      if (expected === 'deny' || what.startsWith('selfsubject') || what === 'pods/eviction') continue
      const request = resourceRequest(verb, what, more)
      const { obligations } = policy.decide({ ...ask(request), ...(object === undefined ? {} : { object }) })
      expect([`${verb} ${what}`, obligations]).toEqual([`${verb} ${what}`, [{ kind: 'mask', maskSet: 'secrets' }]])
    }
  })

  it('names the rule that held first, and says why in words', () => {
    const { reasons } = policy.decide(ask(resourceRequest('delete', 'namespaces', { namespace: 'shop', name: 'shop' })))
    expect(reasons[0]).toEqual({
      code: 'rule-holds',
      rule: 'builtin/review-namespace-delete',
      message: 'Deleting a namespace deletes everything in it, so a second person has to approve it.',
    })
  })
})
