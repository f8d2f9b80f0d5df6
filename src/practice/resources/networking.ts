import { isFields, readFields, readList, readText, type KubeObject } from '../state/objects.ts'
import { age, column, labelText, name, orNone } from './columns.ts'
import { resource, statusSubresource } from './resource.ts'

const group = 'networking.k8s.io'

const addresses = (ingress: KubeObject) =>
  readList(ingress, 'status.loadBalancer.ingress')
    .map((one) => readText(one, 'ip') || readText(one, 'hostname'))
    .join(',')

export const ingresses = resource({
  group,
  plural: 'ingresses',
  kind: 'Ingress',
  shortNames: ['ing'],
  generations: true,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Class', (ingress) => orNone(readText(ingress, 'spec.ingressClassName'))),
    column('Hosts', (ingress) => {
      const hosts = readList(ingress, 'spec.rules').map((rule) => readText(rule, 'host') || '*')
      return hosts.length === 0 ? '*' : hosts.join(',')
    }),
    column('Address', addresses),
    column('Ports', (ingress) => (readList(ingress, 'spec.tls').length === 0 ? '80' : '80, 443')),
    age,
  ],
  complete: (ingress) => ({
    ...ingress,
    status: isFields(ingress['status']) ? ingress['status'] : { loadBalancer: {} },
  }),
})

export const networkPolicies = resource({
  group,
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  shortNames: ['netpol'],
  generations: true,
  columns: [
    name,
    column('Pod-Selector', (policy) => labelText(readFields(policy, 'spec.podSelector.matchLabels'))),
    age,
  ],
})
