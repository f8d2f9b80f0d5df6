import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import type { Upstream } from './port.ts'

/** One thing that RBAC grants, in the words of a PolicyRule (rbac.authorization.k8s.io/v1). */
export interface Right {
  readonly verb: string
  readonly apiGroup: string
  /** With its subresource, as in RBAC: `pods/exec`. */
  readonly resource: string
  /** Empty = any. */
  readonly name?: string
}

/** What the broker's credential can do, against what it is for. */
export interface RightsReport {
  /** The user that the cluster takes the credential for; empty where it does not tell. */
  readonly user: string
  /** What it needs and has not. */
  readonly missing: readonly Right[]
  /** What it has and does not need. */
  readonly excess: readonly Right[]
}

/** What the broker asks of the cluster beside passing requests on. */
export interface RightsNeed {
  /** The cluster acts for each caller; the credential itself needs no right but that. */
  readonly impersonate: boolean
  readonly tokenReview: boolean
  /** Groups that callers may have; empty = any. */
  readonly groups: readonly string[]
  /** Keys under which more is told of a caller. */
  readonly extraKeys: readonly string[]
}

const rbac = 'rbac.authorization.k8s.io'
const authentication = 'authentication.k8s.io'
const everything: Right = { verb: '*', apiGroup: '*', resource: '*' }
/** Each of these leads to every other right, or to the secrets of a cluster; none is needed to act for others. */
const telling: readonly Right[] = [
  { verb: 'get', apiGroup: '', resource: 'secrets' },
  { verb: 'create', apiGroup: '', resource: 'pods' },
  { verb: 'create', apiGroup: '', resource: 'pods/exec' },
  { verb: 'create', apiGroup: '', resource: 'serviceaccounts/token' },
  { verb: 'create', apiGroup: rbac, resource: 'clusterrolebindings' },
  { verb: 'escalate', apiGroup: rbac, resource: 'clusterroles' },
  { verb: 'bind', apiGroup: rbac, resource: 'clusterroles' },
]
/** Members of this group may do all, whatever RBAC says (k8s.io/apiserver user.SystemPrivilegedGroup). */
const masters: Right = { verb: 'impersonate', apiGroup: '', resource: 'groups', name: 'system:masters' }

/** What the credential has to be granted, and no more. */
export function neededRights({ impersonate, tokenReview, groups, extraKeys }: RightsNeed): readonly Right[] {
  const acting = (apiGroup: string, resource: string): Right => ({ verb: 'impersonate', apiGroup, resource })
  return [
    ...(impersonate
      ? [
          acting('', 'users'),
          ...(groups.length === 0 ? [acting('', 'groups')] : groups.map((name) => ({ ...acting('', 'groups'), name }))),
          ...(tokenReview ? [acting('', 'serviceaccounts')] : []),
          acting(authentication, 'uids'),
          ...extraKeys.map((key) => acting(authentication, `userextras/${key}`)),
        ]
      : []),
    ...(tokenReview ? [{ verb: 'create', apiGroup: authentication, resource: 'tokenreviews' }] : []),
  ]
}

/**
 * Asks the cluster, with the broker's own credential, what it may do (SelfSubjectAccessReview, SelfSubjectReview); changes
 * nothing. A credential that acts for all callers itself has too much only when it may do everything. Rejects with
 * ERR_UPSTREAM_*.
 */
export async function examineRights(upstream: Upstream, need: RightsNeed): Promise<RightsReport> {
  const missing = await those(neededRights(need), async (right) => !(await isAllowed(upstream, right)))
  const isAdmin = await isAllowed(upstream, everything)
  const suspects = isAdmin ? [everything] : need.impersonate ? [...telling, masters] : []
  return {
    user: await ownName(upstream),
    missing,
    excess: await those(suspects, (right) => isAllowed(upstream, right)),
  }
}

async function those(rights: readonly Right[], test: (right: Right) => Promise<boolean>): Promise<readonly Right[]> {
  const found: Right[] = []
  for (const right of rights) if (await test(right)) found.push(right)
  return found
}

const accessSchema = z.object({ status: z.object({ allowed: z.boolean() }) })
const selfSchema = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) })

async function isAllowed(upstream: Upstream, { verb, apiGroup, resource, name }: Right): Promise<boolean> {
  const at = resource.indexOf('/')
  const attributes = {
    verb,
    group: apiGroup,
    resource: at === -1 ? resource : resource.slice(0, at),
    ...(at === -1 ? {} : { subresource: resource.slice(at + 1) }),
    ...(name === undefined ? {} : { name }),
  }
  const answer = await ask(upstream, 'authorization.k8s.io', 'SelfSubjectAccessReview', {
    spec: { resourceAttributes: attributes },
  })
  const parsed = accessSchema.safeParse(answer.json)
  if (answer.code === 201 && parsed.success) return parsed.data.status.allowed
  throw new Fault('ERR_UPSTREAM_CREDENTIAL', `The cluster does not say what the credential may do (${answer.code}).`, {
    advice:
      'It must be allowed to create selfsubjectaccessreviews, as everybody is by the ClusterRole system:basic-user.',
  })
}

/** Kubernetes before 1.28 does not tell. */
async function ownName(upstream: Upstream): Promise<string> {
  const { json } = await ask(upstream, authentication, 'SelfSubjectReview', {})
  const parsed = selfSchema.safeParse(json)
  return parsed.success ? parsed.data.status.userInfo.username : ''
}

const TIMEOUT_MS = 8_000
const MAX_ANSWER_BYTES = 64 * 1024

async function ask(
  upstream: Upstream,
  group: string,
  kind: string,
  more: object,
): Promise<{ code: number; json: unknown }> {
  const { statusCode, body } = await upstream.request({
    method: 'POST',
    target: `/apis/${group}/v1/${kind.toLowerCase()}s`,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ apiVersion: `${group}/v1`, kind, ...more })),
    longRunning: false,
    party: 'rights',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) break
    chunks.push(chunk)
  }
  return { code: statusCode, json: jsonOf(Buffer.concat(chunks).toString('utf8')) }
}

/** Undefined when it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
