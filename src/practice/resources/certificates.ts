import { isFields, readList, readNumber, readText, type KubeObject } from '../state/objects.ts'
import { age, column, humanDuration, name } from './columns.ts'
import { required } from './podspec.ts'
import { resource, statusSubresource } from './resource.ts'

function condition(request: KubeObject): string {
  const types = readList(request, 'status.conditions').map((one) => readText(one, 'type'))
  const words = ['Approved', 'Denied', 'Failed'].filter((type) => types.includes(type))
  const issued = readText(request, 'status.certificate') === '' ? [] : ['Issued']
  return words.length === 0 ? 'Pending' : [...words, ...issued].join(',')
}

export const certificateRequests = resource({
  group: 'certificates.k8s.io',
  plural: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  shortNames: ['csr'],
  namespaced: false,
  subresources: [statusSubresource, { name: 'approval', verbs: ['get', 'patch', 'update'] }],
  columns: [
    name,
    age,
    column('SignerName', (request) => readText(request, 'spec.signerName')),
    column('Requestor', (request) => readText(request, 'spec.username')),
    column('RequestedDuration', (request) => {
      const seconds = readNumber(request, 'spec.expirationSeconds')
      return seconds === 0 ? '<none>' : humanDuration(seconds * 1000)
    }),
    column('Condition', condition),
  ],
  fields: { 'spec.signerName': (request) => readText(request, 'spec.signerName') },
  complete: (request) => ({ ...request, status: isFields(request['status']) ? request['status'] : {} }),
  validate: (request) => [
    ...(readText(request, 'spec.request') === '' ? [required('spec.request')] : []),
    ...(readText(request, 'spec.signerName') === '' ? [required('spec.signerName')] : []),
    ...(Array.isArray((request['spec'] as { usages?: unknown } | undefined)?.usages) ? [] : [required('spec.usages')]),
  ],
})
