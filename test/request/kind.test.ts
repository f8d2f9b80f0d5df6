import fc from 'fast-check'
import { describe as suite, expect, test } from 'vitest'
import { describe } from '../../src/request/attributes.ts'
import { decodeBody } from '../../src/request/decode.ts'
import { parseTarget } from '../../src/request/target.ts'

const shop = '/api/v1/namespaces/shop'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'
const apply = 'application/apply-patch+yaml'
const jsonPatch = 'application/json-patch+json'

function send(method: string, target: string, body: unknown, type = 'application/json'): void {
  decodeBody(method, type, new TextEncoder().encode(JSON.stringify(body)), describe(method, parseTarget(target), type))
}

suite('the kind of a body', () => {
  test.each([
    ['POST', `${shop}/configmaps`, 'ConfigMap', 'v1'],
    ['POST', `${shop}/endpoints`, 'Endpoints', 'v1'],
    ['PUT', '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/a', 'NetworkPolicy', 'networking.k8s.io/v1'],
    ['PUT', '/apis/networking.k8s.io/v1/namespaces/shop/ingresses/a', 'Ingress', 'networking.k8s.io/v1'],
    ['POST', '/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways', 'Gateway', 'gateway.networking.k8s.io/v1'],
    ['PUT', '/apis/apps/v1/namespaces/shop/deployments/web/status', 'Deployment', 'apps/v1'],
    ['PUT', '/apis/apps/v1/namespaces/shop/deployments/web/scale', 'Scale', 'autoscaling/v1'],
    ['POST', `${shop}/pods/web/eviction`, 'Eviction', 'policy/v1'],
    ['POST', `${shop}/pods/web/binding`, 'Binding', 'v1'],
    ['POST', `${shop}/serviceaccounts/bot/token`, 'TokenRequest', 'authentication.k8s.io/v1'],
    ['PUT', '/api/v1/namespaces/shop/finalize', 'Namespace', 'v1'],
    ['DELETE', '/apis/apps/v1/namespaces/shop/deployments/web', 'DeleteOptions', 'v1'],
    ['DELETE', '/apis/apps/v1/namespaces/shop/deployments', 'DeleteOptions', 'apps/v1'],
    ['DELETE', '/apis/apps/v1/namespaces/shop/deployments/web', 'DeleteOptions', 'meta.k8s.io/v1'],
    ['POST', '/apis/tea.example/v1/namespaces/shop/teablends', 'TeaBlend', 'tea.example/v1'],
    ['POST', '/apis/k8s.cni.cncf.io/v1/namespaces/a/network-attachment-definitions', 'Net', 'k8s.cni.cncf.io/v1'],
    ['PUT', '/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachines/b/start', 'StartOptions', 'kubevirt.io/v1'],
    ['POST', `${shop}/services/web/proxy/graphql`, 'Secret', 'v1'],
  ])('%s %s takes %s of %s', (method, target, kind, apiVersion) => {
    send(method, target, { kind, apiVersion })
    send(method, target, {})
  })

  test.each([
    ['POST', `${shop}/configmaps`, { kind: 'Secret', apiVersion: 'v1' }],
    ['POST', `${shop}/configmaps`, { kind: 'Secret' }],
    ['POST', `${shop}/configmaps`, { kind: 'ConfigMap', apiVersion: 'apps/v1' }],
    ['POST', `${shop}/configmaps`, { apiVersion: 'v2' }],
    ['POST', `${shop}/configmaps`, { kind: 'List', apiVersion: 'v1', items: [] }],
    ['POST', `${shop}/pods`, { kind: 'PodList', apiVersion: 'v1', items: [] }],
    ['POST', `${shop}/configmaps`, { kind: null }],
    ['POST', `${shop}/configmaps`, { kind: ['ConfigMap'] }],
    ['POST', `${shop}/configmaps`, { kind: 12345678901234567890n.toString(), apiVersion: 1 }],
    ['PUT', '/apis/apps/v1/namespaces/shop/deployments/web/scale', { kind: 'Deployment', apiVersion: 'apps/v1' }],
    ['POST', `${shop}/pods/web/eviction`, { kind: 'Pod', apiVersion: 'v1' }],
    ['DELETE', `${shop}/configmaps/a`, { kind: 'ConfigMap', apiVersion: 'v1' }],
    ['POST', '/apis/tea.example/v1/namespaces/shop/teablends', { kind: 'Secret', apiVersion: 'v1' }],
    ['POST', '/apis/tea.example/v1/namespaces/shop/teablends', { kind: 'Secret', apiVersion: 'tea.example/v1' }],
    ['POST', '/apis/tea.example/v1/namespaces/shop/teablends', { kind: 'List', apiVersion: 'tea.example/v1' }],
    ['POST', '/apis/tea.example/v1/namespaces/shop/teablends', { kind: 'ConfigMap' }],
    ['PUT', '/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachines/b/start', { kind: 'Secret' }],
  ])('%s %s refuses %j', (method, target, body) => {
    expect(() => send(method, target, body)).toThrow(expect.objectContaining({ code: 'ERR_BODY' }))
  })

  test('a patch that says it is a secret is refused, with both sides named', () => {
    const body = { kind: 'Secret', apiVersion: 'v1', data: { Corefile: 'EVIL' } }
    for (const type of [merge, strategic, apply]) {
      expect(() => send('PATCH', '/api/v1/namespaces/kube-system/configmaps/coredns', body, type)).toThrow(
        'The body says that it is "Secret" of "v1", but the request is for configmaps of v1.',
      )
    }
    send('PATCH', `${shop}/configmaps/a`, { data: {} }, strategic)
    send('PATCH', `${shop}/configmaps/a`, { kind: 'ConfigMap', apiVersion: 'v1', data: {} }, merge)
  })

  test.each([
    { op: 'replace', path: '/kind', value: 'Secret' },
    { op: 'add', path: '/apiVersion', value: 'apps/v1' },
    { op: 'replace', path: '', value: { kind: 'Secret', apiVersion: 'v1' } },
  ])('a JSON patch may not change what an object is: %j', (operation) => {
    const patch = [{ op: 'add', path: '/data/a', value: 'b' }, operation]
    expect(() => send('PATCH', `${shop}/configmaps/a`, patch, jsonPatch)).toThrow('but the request is for configmaps')
    send('PATCH', `${shop}/configmaps/a`, [{ op: 'test', path: '/kind', value: 'ConfigMap' }], jsonPatch)
  })

  test('Secret and List never pass for another resource, whatever the group and version', () => {
    const name = fc.stringMatching(/^[a-z]{1,12}$/).filter((resource) => resource !== 'secrets' && resource !== 'lists')
    const group = fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8}){0,2}$/)
    const impostor = fc.constantFrom('Secret', 'List', 'SecretList')
    fc.assert(
      fc.property(group, name, impostor, fc.constantFrom('', 'v1', 'own'), (apiGroup, resource, kind, version) => {
        const apiVersion = version === 'own' ? `${apiGroup}/v1` : version
        expect(() => send('POST', `/apis/${apiGroup}/v1/${resource}`, { kind, apiVersion })).toThrow()
      }),
    )
  })

  test('an error repeats no more of a wrong kind than a line', () => {
    expect(() => send('POST', `${shop}/configmaps`, { kind: 'x'.repeat(100_000) })).toThrow(/^.{1,300}$/)
  })
})
