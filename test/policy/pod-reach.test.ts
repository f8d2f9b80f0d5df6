import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/model/request.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { ask, resourceRequest } from './request.ts'

const { decide } = loadPolicy([builtinSource])

type PodSpec = { readonly [key: string]: JsonValue }

const container = { name: 'c', image: 'busybox:1.35' }
const plain: PodSpec = {
  serviceAccountName: 'default',
  hostNetwork: false,
  volumes: [
    { name: 'secret', configMap: { name: 'secret' } },
    { name: 'b', emptyDir: {} },
    { name: 'c', persistentVolumeClaim: { claimName: 'c' } },
  ],
  containers: [
    {
      ...container,
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'k' } } }],
      envFrom: [{ configMapRef: { name: 'a' } }],
      ports: [{ containerPort: 80, hostPort: 0 }],
      securityContext: {
        procMount: 'Default',
        privileged: false,
        capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      },
    },
  ],
}

const within = (more: PodSpec): PodSpec => ({ ...plain, containers: [{ ...container, ...more }] })

const reaching: readonly (readonly [what: string, spec: PodSpec])[] = [
  ['a secret volume', { ...plain, volumes: [{ name: 'v', secret: { secretName: 's' } }] }],
  ['a projected volume', { ...plain, volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] }],
  ['a projected token', { ...plain, volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: {} }] } }] }],
  ['a CSI volume', { ...plain, volumes: [{ name: 'v', csi: { driver: 'secrets-store.csi.k8s.io' } }] }],
  ['a host path', { ...plain, volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
  ['a network share', { ...plain, volumes: [{ name: 'v', nfs: { server: 'nas', path: '/' } }] }],
  ['a network disk', { ...plain, volumes: [{ name: 'v', iscsi: { targetPortal: 'nas', iqn: 'i', lun: 0 } }] }],
  ['a share with its secret', { ...plain, volumes: [{ name: 'v', azureFile: { secretName: 's', shareName: 'x' } }] }],
  ['a process of the node', within({ securityContext: { windowsOptions: { hostProcess: true } } })],
  ['an open proc', within({ securityContext: { procMount: 'Unmasked' } })],
  ['a port of the node', within({ ports: [{ containerPort: 80, hostPort: 80 }] })],
  ['a secret in envFrom', within({ envFrom: [{ secretRef: { name: 's' } }] })],
  ['a secret in env', within({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] })],
  ['a secret in an init container', { ...plain, initContainers: [{ envFrom: [{ secretRef: { name: 's' } }] }] }],
  ['a privileged container', within({ securityContext: { privileged: true } })],
  ['a capability', within({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } })],
  ['the process space of the node', { ...plain, hostPID: true }],
  ['the network of the node', { ...plain, hostNetwork: true }],
  ['the memory of the node', { ...plain, hostIPC: true }],
  ['another service account', { ...plain, serviceAccountName: 'bot' }],
  ['another service account by its old name', { ...plain, serviceAccount: 'bot' }],
  ['a node of its choice', { ...plain, nodeName: 'n1' }],
  ['a debug container', { ...plain, ephemeralContainers: [container] }],
]

const template = (spec: PodSpec) => ({ spec: { template: { metadata: { labels: { app: 'web' } }, spec } } })
const kinds: readonly (readonly [resource: string, wrap: (spec: PodSpec) => JsonValue])[] = [
  ['pods', (spec) => ({ metadata: { name: 'web' }, spec })],
  ['podtemplates', (spec) => ({ template: { spec } })],
  ['replicationcontrollers', template],
  ['deployments.apps', template],
  ['replicasets.apps', template],
  ['statefulsets.apps', template],
  ['daemonsets.apps', template],
  ['jobs.batch', template],
  ['cronjobs.batch', (spec) => ({ spec: { jobTemplate: template(spec) } })],
]

function outcome(verb: string, resource: string, object: JsonValue, dryRun = false): string {
  const request = resourceRequest(verb, resource, { namespace: 'shop', name: 'web', dryRun })
  const decision = decide({ ...ask(request), object })
  return decision.effect === 'hold' ? decision.requirement.kind : decision.effect
}

describe('what reaches beyond a pod', () => {
  it.each(kinds)('leaves ordinary %s alone, and holds those with a road to secrets or the node', (resource, wrap) => {
    for (const verb of ['create', 'update', 'patch']) {
      expect(outcome(verb, resource, wrap(plain))).toBe('allow')
      for (const [what, spec] of reaching) {
        expect([verb, what, outcome(verb, resource, wrap(spec))]).toEqual([verb, what, 'review'])
      }
    }
  })

  it.each([
    [
      'a new secret volume',
      { op: 'add', path: '/spec/template/spec/volumes/-', value: { secret: { secretName: 's' } } },
    ],
    [
      'a name deep in a pointer',
      { op: 'replace', path: '/spec/template/spec/volumes/0/secret/secretName', value: 's' },
    ],
    ['a service account', { op: 'replace', path: '/spec/template/spec/serviceAccountName', value: 'bot' }],
    ['the whole object', { op: 'replace', path: '', value: template({ hostPID: true }) }],
    [
      'what is copied to an account',
      { op: 'copy', from: '/metadata/name', path: '/spec/template/spec/serviceAccount' },
    ],
    ['a volume that is moved', { op: 'move', from: '/spec/template/spec/volumes/0/secret', path: '/spec/x' }],
    ['a capability', { op: 'add', path: '/spec/containers/0/securityContext/capabilities/add/-', value: 'SYS_ADMIN' }],
  ])('holds a JSON patch with %s', (_what, operation) => {
    const harmless = { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'nginx' }
    expect(outcome('patch', 'deployments.apps', [harmless])).toBe('allow')
    expect(outcome('patch', 'deployments.apps', [harmless, operation])).toBe('review')
  })

  it('lets what only takes away or asks pass', () => {
    const gone = [
      { op: 'remove', path: '/spec/template/spec/volumes/0/secret' },
      { op: 'test', path: '/spec/template/spec/serviceAccountName', value: 'bot' },
      { op: 'replace', path: '/spec/template/spec/hostNetwork', value: false },
    ]
    expect(outcome('patch', 'deployments.apps', gone)).toBe('allow')
    expect(outcome('patch', 'deployments.apps', template({ nodeName: null, hostPID: false }))).toBe('allow')
  })

  it('lets everyday work pass: scale, restart, a new image', () => {
    expect(outcome('patch', 'deployments/scale.apps', { spec: { replicas: 3 } })).toBe('allow')
    const restarted = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-23T08:00:00Z' } } }
    expect(outcome('patch', 'deployments.apps', { spec: { template: restarted } })).toBe('allow')
    const image = { $setElementOrder: { containers: [{ name: 'c' }] }, containers: [container] }
    expect(outcome('patch', 'deployments.apps', template(image as unknown as PodSpec))).toBe('allow')
  })

  it('lets anything be tried out with a dry run', () => {
    for (const [, spec] of reaching) expect(outcome('create', 'deployments.apps', template(spec), true)).toBe('allow')
  })

  it('says why in words', () => {
    const request = resourceRequest('create', 'pods', { namespace: 'shop' })
    const { reasons } = decide({ ...ask(request), object: { spec: { hostPID: true } } })
    expect(reasons[0]).toEqual({
      code: 'rule-holds',
      rule: 'builtin/review-pod-reach',
      message:
        'What runs in these pods gets secrets, another identity or a road to the node, and may tell what is masked here, so a second person has to approve it.',
    })
  })
})
