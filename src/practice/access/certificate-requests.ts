import { badRequest } from '../failure.ts'
import { readFields, readText, type KubeObject } from '../state/objects.ts'
import type { Admission } from './access.ts'

export const requestKey = 'certificates.k8s.io/certificatesigningrequests'

/** A certificate signing request with who asked for it; what it asks for stays as it was at first. */
export function requested({ user, object, old }: Admission): KubeObject {
  const spec = readFields(object, 'spec')
  if (old !== undefined) return { ...object, spec: old['spec'] }
  const text = Buffer.from(readText(spec, 'request'), 'base64').toString('latin1')
  if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text)) {
    throw badRequest('spec.request: Invalid value: "<redacted>": PEM block type must be CERTIFICATE REQUEST')
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
