import type { Cause } from '../failure.ts'
import { isFields, read, readList, readNumber, readText, readTexts, type KubeObject } from '../state/objects.ts'
import { age, column, humanDuration, name } from './columns.ts'
import { resource, statusSubresource } from './resource.ts'

function condition(request: KubeObject): string {
  const types = readList(request, 'status.conditions').map((one) => readText(one, 'type'))
  const words = ['Approved', 'Denied', 'Failed'].filter((type) => types.includes(type))
  const issued = readText(request, 'status.certificate') === '' ? [] : ['Issued']
  return words.length === 0 ? 'Pending' : [...words, ...issued].join(',')
}

const usages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment'],
  ...['decipher only', 'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
]

function requestCauses(request: KubeObject): readonly Cause[] {
  const pem = Buffer.from(readText(request, 'spec.request'), 'base64')
  const given = readTexts(request, 'spec.usages')
  return [
    ...(isRequest(pem) ? [] : [cause('spec.request', bytes(pem), 'PEM block type must be CERTIFICATE REQUEST')]),
    ...(given.length === 0 ? [missing('spec.usages', 'usages must be provided')] : []),
    ...given.flatMap((usage, index) => (usages.includes(usage) ? [] : [unsupported(index, usage)])),
    ...signerCauses(readText(request, 'spec.signerName')),
    ...secondsCauses(read(request, 'spec.expirationSeconds')),
  ]
}

const isRequest = (pem: Buffer) => /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(pem.toString('latin1'))

/** Bytes as Go's %#v writes them. */
function bytes(value: Buffer): string {
  if (value.length === 0) return '[]byte(nil)'
  return `[]byte{${[...value].map((byte) => `0x${byte.toString(16)}`).join(', ')}}`
}

function signerCauses(signer: string): readonly Cause[] {
  if (signer === '') return [missing('spec.signerName', 'signerName must be provided')]
  if (/^[a-z0-9.-]+\.[a-z0-9.-]+\/[a-z0-9.:/-]+$/i.test(signer)) return []
  const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
  return [cause('spec.signerName', JSON.stringify(signer), why)]
}

function secondsCauses(seconds: unknown): readonly Cause[] {
  if (typeof seconds !== 'number' || seconds >= 600) return []
  return [
    cause('spec.expirationSeconds', String(seconds), 'may not specify a duration less than 600 seconds (10 minutes)'),
  ]
}

/** What was decided stays decided. */
function conditionCauses(request: KubeObject, old: KubeObject): readonly Cause[] {
  const types = (object: KubeObject) => readList(object, 'status.conditions').map((one) => readText(one, 'type'))
  const field = 'status.conditions'
  const gone = types(old).find((type) => type !== 'Failed' && !types(request).includes(type))
  if (gone !== undefined) {
    const message = `Forbidden: updates may not remove a condition of type ${JSON.stringify(gone)}`
    return [{ reason: 'FieldValueForbidden', field, message }]
  }
  const present = types(request)
  if (!present.includes('Approved') || !present.includes('Denied')) return []
  return [
    cause(
      `${field}[${present.indexOf('Denied')}].type`,
      '"Denied"',
      'Approved and Denied conditions are mutually exclusive',
    ),
  ]
}

const cause = (field: string, value: string, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${value}: ${why}`,
})

const missing = (field: string, why: string): Cause => ({
  reason: 'FieldValueRequired',
  field,
  message: `Required value: ${why}`,
})

function unsupported(index: number, usage: string): Cause {
  const known = usages.map((one) => JSON.stringify(one)).join(', ')
  const message = `Unsupported value: ${JSON.stringify(usage)}: supported values: ${known}`
  return { reason: 'FieldValueNotSupported', field: `spec.usages[${index}]`, message }
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
  validate: (request, old) => (old === undefined ? requestCauses(request) : conditionCauses(request, old)),
})
