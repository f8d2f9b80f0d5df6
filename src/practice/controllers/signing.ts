import { readList, readNumber, readText, withField, type KubeObject } from '../state/objects.ts'
import { requestKey } from '../access/certificate-requests.ts'
import type { World } from './world.ts'

/** Signers of the cluster's own authority (certificates.k8s.io/v1 KubeAPIServerClientSignerName and its like). */
const ownSigners: ReadonlySet<string> = new Set([
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/kube-apiserver-client-kubelet',
  'kubernetes.io/kubelet-serving',
])

const longestSeconds = 365 * 24 * 3600

/** Signs a PEM certificate request; undefined when it cannot be read. */
export type SignRequest = (requestPem: string, seconds: number, client: boolean) => Promise<string | undefined>

/** Gives an approved request of the cluster's own signers its certificate, or says why it has none. */
export async function signApproved(world: World, sign: SignRequest, request: KubeObject): Promise<void> {
  const signer = readText(request, 'spec.signerName')
  const types = readList(request, 'status.conditions').map((condition) => readText(condition, 'type'))
  const isOpen =
    types.includes('Approved') && !types.includes('Failed') && readText(request, 'status.certificate') === ''
  if (!ownSigners.has(signer) || !isOpen) return
  const pem = Buffer.from(readText(request, 'spec.request'), 'base64').toString('utf8')
  const seconds = Math.min(readNumber(request, 'spec.expirationSeconds', longestSeconds), longestSeconds)
  const certificate = await sign(pem, seconds, signer !== 'kubernetes.io/kubelet-serving')
  const { name, uid } = request.metadata
  const present = world.store.get(requestKey, undefined, name)
  if (present?.metadata.uid !== uid) return
  if (certificate !== undefined) {
    world.store.put(requestKey, withField(present, 'status.certificate', Buffer.from(certificate).toString('base64')))
    return
  }
  const failed = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message: 'the request cannot be read',
  }
  world.store.put(
    requestKey,
    withField(present, 'status.conditions', [...readList(present, 'status.conditions'), failed]),
  )
}
