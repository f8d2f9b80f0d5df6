import { legacyClaims } from '../access/tokens.ts'
import { read, readFields, withField, type KubeObject } from '../state/objects.ts'
import type { Cluster } from '../cluster.ts'

const accountName = 'kubernetes.io/service-account.name'
const accountUid = 'kubernetes.io/service-account.uid'

/** Fills a secret of type kubernetes.io/service-account-token with a token that opens the cluster. */
export function fillTokenSecret(world: Pick<Cluster, 'store' | 'access'>, secret: KubeObject, caPem: string): void {
  const { namespace = '', name, annotations = {} } = secret.metadata
  if (secret['type'] !== 'kubernetes.io/service-account-token' || read(secret, 'data.token') !== undefined) return
  const account = world.store.get('/serviceaccounts', namespace, annotations[accountName] ?? '')
  if (account === undefined) return
  const token = world.access.signer.sign(
    legacyClaims({ namespace, name: account.metadata.name, uid: account.metadata.uid }, name),
  )
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  const data = {
    'ca.crt': encoded(caPem),
    namespace: encoded(namespace),
    ...readFields(secret, 'data'),
    token: encoded(token),
  }
  const named = withField(secret, 'metadata.annotations', { ...annotations, [accountUid]: account.metadata.uid })
  world.store.put('/secrets', { ...named, data })
}
