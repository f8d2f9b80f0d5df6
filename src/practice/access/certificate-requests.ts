import { ApiFailure } from '../failure.ts'
import { readFields, readText, type KubeObject } from '../state/objects.ts'
import type { Access, Admission, Attributes, User } from './access.ts'
import { privilegedGroup } from './authorizer.ts'

export const requestKey = 'certificates.k8s.io/certificatesigningrequests'

/** Reads the organisations of a PEM certificate request's subject. */
export type ReadOrganisations = (requestPem: string) => readonly string[]

/** A certificate signing request with who asked for it; what it asks for stays as it was at first. */
export function requested({ user, object, old }: Admission, organisations: ReadOrganisations): KubeObject {
  const spec = readFields(object, 'spec')
  if (old !== undefined) return { ...object, spec: old['spec'] }
  const pem = Buffer.from(readText(spec, 'request'), 'base64').toString('latin1')
  if (readText(spec, 'signerName') === clientSigner && organisations(pem).includes(privilegedGroup)) {
    throw refused(object, `use of ${clientSigner} signer with ${privilegedGroup} group is not allowed`)
  }
  return {
    ...object,
    spec: {
      ...spec,
      username: user.name,
      groups: [...user.groups],
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    },
    status: {},
  }
}

const clientSigner = 'kubernetes.io/kube-apiserver-client'

/** ApiFailure 403 unless the user may approve for the signer of this request, or for all of its domain. */
export function refuseApproval(access: Pick<Access, 'authorize'>, user: User, request: KubeObject): void {
  const signer = readText(request, 'spec.signerName')
  const names = [signer, `${signer.split('/')[0] ?? ''}/*`]
  if (names.some((name) => access.authorize(user, { ...approval, name }).allowed)) return
  throw refused(request, `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`)
}

const approval: Omit<Attributes, 'name'> = {
  verb: 'approve',
  group: 'certificates.k8s.io',
  version: '*',
  resource: 'signers',
  subresource: '',
  namespace: '',
  path: '',
  isResource: true,
}

function refused({ metadata: { name } }: KubeObject, why: string): ApiFailure {
  const message = `certificatesigningrequests.certificates.k8s.io ${JSON.stringify(name)} is forbidden: ${why}`
  const details = { name, group: 'certificates.k8s.io', kind: 'certificatesigningrequests' }
  return new ApiFailure(403, 'Forbidden', message, details)
}
