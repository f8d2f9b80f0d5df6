import { readText, type KubeObject } from '../state/objects.ts'
import type { Store } from '../state/store.ts'
import type { Access } from './access.ts'
import { issuer, requestedClaims } from './tokens.ts'

/** An hour and seven seconds: kubelets ask for it so, to be told from what people ask for. */
const seconds = 3607

/** The token that a pod finds mounted; empty without its service account. */
export function podToken(access: Access, store: Pick<Store, 'get'>, pod: KubeObject, now: Date): string {
  const { namespace = '', name, uid } = pod.metadata
  const account = store.get('/serviceaccounts', namespace, readText(pod, 'spec.serviceAccountName') || 'default')
  if (account === undefined) return ''
  const owner = { namespace, name: account.metadata.name, uid: account.metadata.uid }
  return access.signer.sign(requestedClaims(owner, [issuer], { now, seconds }, [{ kind: 'Pod', name, uid }]))
}
