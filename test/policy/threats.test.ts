import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JsonValue, ResourceRequest } from '../../src/model/request.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { ask, operator, resourceRequest } from './request.ts'

const fourEyes = loadPolicy([{ file: 'four-eyes.yaml', text: readFileSync('docs/policies/four-eyes.yaml', 'utf8') }])
const platform = { ...operator, groups: ['platform'] }
const roleRef = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name })
const subjects = [{ kind: 'User', name: 'eve' }]

describe('Whoever would bind somebody to cluster-admin', () => {
  const denied = (verb: string, object: JsonValue, oldObject?: JsonValue, more: Partial<ResourceRequest> = {}) => {
    const what = 'clusterrolebindings.rbac.authorization.k8s.io'
    const request = resourceRequest(verb, what, { name: verb === 'create' ? '' : 'b', ...more })
    const stored = oldObject === undefined ? {} : { oldObject }
    const { effect, reasons } = fourEyes.decide(ask(request, { subject: platform, object, ...stored }))
    return effect === 'deny' && reasons.some(({ rule }) => rule === 'four-eyes/no-cluster-admin')
  }
  const viewer = { metadata: { name: 'b' }, roleRef: roleRef('view') }
  const admin = { metadata: { name: 'b' }, roleRef: roleRef('cluster-admin') }
  const applied = { effects: ['create', 'write'] } as const

  it.each<readonly [how: string, denied: boolean]>([
    ['creates it', denied('create', admin)],
    ['replaces another', denied('update', admin, viewer)],
    ['applies it', denied('patch', admin, null, applied)],
    ['merges it', denied('patch', { roleRef: { name: 'cluster-admin' } }, viewer)],
    ['merges what may be its name', denied('patch', { roleRef: { kind: 'ClusterRole' } }, viewer)],
    ['replaces the name', denied('patch', [{ op: 'replace', path: '/roleRef/name', value: 'cluster-admin' }], viewer)],
    ['replaces all', denied('patch', [{ op: 'replace', path: '', value: admin }], viewer)],
    ['copies it', denied('patch', [{ op: 'copy', from: '/metadata/annotations', path: '/roleRef' }], viewer)],
    ['adds somebody to the one that is there', denied('patch', { subjects }, admin)],
    ['adds by a pointer', denied('patch', [{ op: 'add', path: '/subjects/-', value: subjects[0] ?? null }], admin)],
    ['adds to one that could not be read', denied('patch', { subjects })],
  ])('is refused who %s', (_how, isDenied) => {
    expect(isDenied).toBe(true)
  })

  it('may bind to another role, after its reviews', () => {
    expect(denied('create', viewer)).toBe(false)
    expect(denied('patch', { subjects }, viewer)).toBe(false)
    expect(denied('patch', viewer, null, applied)).toBe(false)
  })
})

describe('Whoever wants another team’s secret', () => {
  const team = loadPolicy([
    {
      file: 'team.yaml',
      text: `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: team}
rules:
- name: own
  subjects: [{group: "*"}]
  match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: [blue]}
  effect: allow
- name: all-but-secrets
  subjects: [{group: "*"}]
  match: {verbs: [get, list, watch], apiGroups: [""], resources: [pods, configmaps]}
  effect: allow
`,
    },
  ])
  const effect = (verb: string, what: string, more: Partial<ResourceRequest>, object?: JsonValue) =>
    team.decide(ask(resourceRequest(verb, what, more), object === undefined ? {} : { object })).effect

  it.each(['get', 'update', 'patch', 'delete'])('does not %s it', (verb) => {
    expect(effect(verb, 'secrets', { namespace: 'blue', name: 'db' })).toBe('allow')
    expect(effect(verb, 'secrets', { namespace: 'red', name: 'db' })).toBe('deny')
    expect(effect(verb, 'secrets', { name: 'db' })).toBe('deny')
  })

  it.each(['list', 'watch', 'deletecollection'])(
    'reaches it by no %s of all namespaces, whatever it selects',
    (verb) => {
      expect(effect(verb, 'secrets', { namespace: 'blue' })).toBe('allow')
      expect(effect(verb, 'secrets', {})).toBe('deny')
      expect(effect(verb, 'secrets', { fieldSelector: 'metadata.namespace=blue' })).toBe('deny')
      expect(effect(verb, 'secrets', { name: 'db', fieldSelector: 'metadata.name=db' })).toBe('deny')
      expect(effect(verb, 'secrets', { namespace: 'red', labelSelector: 'team=blue' })).toBe('deny')
    },
  )

  it('is not believed when the body names its own namespace', () => {
    const object = { metadata: { namespace: 'blue', name: 'db' } }
    expect(effect('create', 'secrets', { namespace: 'red' }, object)).toBe('deny')
  })
})

describe('A pod that brings secrets', () => {
  const builtin = loadPolicy([builtinSource])
  const pod = (spec: JsonValue) =>
    builtin.decide(ask(resourceRequest('create', 'pods', { namespace: 'shop' }), { object: { spec } }))

  it.each<readonly [how: string, spec: JsonValue]>([
    ['a volume', { volumes: [{ name: 'v', secret: { secretName: 'db' } }] }],
    ['a projected volume', { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'db' } }] } }] }],
    ['its environment', { containers: [{ envFrom: [{ secretRef: { name: 'db' } }] }] }],
    [
      'one variable',
      { initContainers: [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'db', key: 'a' } } }] }] },
    ],
    ['another identity', { serviceAccountName: 'admin' }],
  ])('waits for a second person: by %s', (_how, spec) => {
    const decision = pod(spec)
    expect(decision).toMatchObject({ effect: 'hold', requirement: { kind: 'review' } })
    expect(decision.reasons.map(({ rule }) => rule)).toContain('builtin/review-pod-reach')
  })

  it('runs at once without any', () => {
    expect(pod({ containers: [{ name: 'web', image: 'web' }] }).effect).toBe('allow')
  })
})
