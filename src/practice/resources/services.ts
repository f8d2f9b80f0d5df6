import { isFields, readFields, readList, readNumber, readText, readTexts, type KubeObject } from '../state/objects.ts'
import { age, column, labelText, name, orNone, wide } from './columns.ts'
import { resource, statusSubresource } from './resource.ts'

function externalAddress(service: KubeObject): string {
  const ingress = readList(service, 'status.loadBalancer.ingress').map(
    (one) => readText(one, 'ip') || readText(one, 'hostname'),
  )
  switch (readText(service, 'spec.type')) {
    case 'LoadBalancer':
      return ingress.length === 0 ? '<pending>' : ingress.join(',')
    case 'ExternalName':
      return readText(service, 'spec.externalName')
    default:
      return orNone(readTexts(service, 'spec.externalIPs').join(','))
  }
}

function servicePorts(service: KubeObject): string {
  const ports = readList(service, 'spec.ports').map((port) => {
    const nodePort = readNumber(port, 'nodePort')
    return `${readText(port, 'port')}${nodePort === 0 ? '' : `:${nodePort}`}/${readText(port, 'protocol') || 'TCP'}`
  })
  return orNone(ports.join(','))
}

/** A cluster IP that stays the same for the same service name. */
function clusterIP(service: KubeObject): string {
  const text = `${service.metadata.namespace ?? ''}/${service.metadata.name}`
  const sum = [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 62_000, 7)
  return `10.96.${Math.floor(sum / 250) % 250}.${(sum % 250) + 2}`
}

function completeService(service: KubeObject): KubeObject {
  const spec = readFields(service, 'spec')
  const address = readText(spec, 'clusterIP') || clusterIP(service)
  return {
    ...service,
    spec: {
      clusterIP: address,
      clusterIPs: [address],
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      type: 'ClusterIP',
      ...spec,
      ports: readList(spec, 'ports').map((port) => ({ protocol: 'TCP', targetPort: port['port'], ...port })),
    },
    status: isFields(service['status']) ? service['status'] : { loadBalancer: {} },
  }
}

export const services = resource({
  plural: 'services',
  kind: 'Service',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: [statusSubresource],
  columns: [
    name,
    column('Type', (service) => readText(service, 'spec.type')),
    column('Cluster-IP', (service) => orNone(readText(service, 'spec.clusterIP'))),
    column('External-IP', externalAddress),
    column('Port(s)', servicePorts),
    age,
    wide('Selector', (service) => labelText(readFields(service, 'spec.selector'))),
  ],
  fields: {
    'spec.clusterIP': (service) => readText(service, 'spec.clusterIP'),
    'spec.type': (service) => readText(service, 'spec.type'),
  },
  complete: completeService,
})

export const endpoints = resource({
  plural: 'endpoints',
  kind: 'Endpoints',
  shortNames: ['ep'],
  columns: [
    name,
    column('Endpoints', (object) => {
      const addresses = readList(object, 'subsets').flatMap((subset) =>
        readList(subset, 'addresses').flatMap((address) =>
          readList(subset, 'ports').map((port) => `${readText(address, 'ip')}:${readText(port, 'port')}`),
        ),
      )
      const more = addresses.length > 3 ? ` + ${addresses.length - 3} more...` : ''
      return orNone(addresses.slice(0, 3).join(',') + more)
    }),
    age,
  ],
})

const joined = (items: readonly string[]) => orNone(items.join(','))

export const endpointSlices = resource({
  group: 'discovery.k8s.io',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  columns: [
    name,
    column('AddressType', (slice) => readText(slice, 'addressType')),
    column('Ports', (slice) => joined(readList(slice, 'ports').map((port) => readText(port, 'port')))),
    column('Endpoints', (slice) => joined(readList(slice, 'endpoints').flatMap((one) => readTexts(one, 'addresses')))),
    age,
  ],
})
