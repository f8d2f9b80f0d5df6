import { Fault } from '../model/fault.ts'
import type { ResourceRequest } from '../model/request.ts'
import type { DecisionInput } from '../policy/port.ts'
import type { ClientRequest } from './client.ts'
import type { Stations } from './stations.ts'

/** Somebody whom a caller asks to be (k8s.io/api authentication/v1 Impersonate*Header; kubectl --as). */
export interface Borrowed {
  readonly user: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

const extraHeader = 'impersonate-extra-'
const serviceAccount = /^system:serviceaccount:(?<namespace>[^:]+):(?<name>[^:]+)$/
/** Nobody has this name, and nothing is in this namespace: a rule that lets them be borrowed lets any be. */
const nobody = 'system:chaperone:nobody'
const nowhere = 'chaperone-nowhere'
/** Where the cluster's own service accounts are, which may more than any person. */
const systemNamespace = /^kube-/i

/**
 * Whom a caller asks to be and may be; undefined when it is itself. Only a broker that lets the cluster act for each caller can
 * say so to the cluster.
 *
 * @throws Fault ERR_FORBIDDEN.
 */
export function borrow(
  request: ClientRequest,
  caller: Pick<DecisionInput, 'subject' | 'session'>,
  house: { readonly stations: Pick<Stations, 'decide'>; readonly impersonate?: boolean },
): Borrowed | undefined {
  const borrowed = borrowedIdentity(request)
  if (borrowed === undefined) return undefined
  if (house.impersonate !== true) {
    throw new Fault('ERR_FORBIDDEN', 'Impersonation (--as) is not possible through this broker.', {
      advice:
        'Repeat the command without --as, --as-group and --as-uid; it takes upstream.impersonate, and a policy that allows it.',
    })
  }
  assertMayBorrow(borrowed, caller, house.stations)
  return borrowed
}

/**
 * Whom the headers name; undefined when they name nobody.
 *
 * @throws Fault ERR_FORBIDDEN when they can be read in two ways.
 */
function borrowedIdentity({ distinct }: ClientRequest): Borrowed | undefined {
  const names = Object.keys(distinct).filter((name) => name.replaceAll('_', '-').startsWith('impersonate-'))
  if (names.length === 0) return undefined
  const { 'impersonate-user': users = [], 'impersonate-uid': uids = [], 'impersonate-group': groups = [] } = distinct
  const known = new Set(['impersonate-user', 'impersonate-uid', 'impersonate-group'])
  const odd = names.find((name) => !known.has(name) && !name.startsWith(extraHeader))
  const [user = ''] = users
  if (odd !== undefined || users.length !== 1 || uids.length > 1 || user === '') {
    throw new Fault('ERR_FORBIDDEN', 'It cannot be told whom the request asks to be (--as).', {
      advice: 'Give one --as, and --as-group and --as-uid only with it.',
    })
  }
  const extra = names
    .filter((name) => name.startsWith(extraHeader))
    .map((name) => [extraKey(name.slice(extraHeader.length)), distinct[name] ?? []] as const)
  return { user, uid: uids[0] ?? '', groups, extra: Object.fromEntries(extra) }
}

function extraKey(escaped: string): string {
  try {
    return decodeURIComponent(escaped)
  } catch {
    throw new Fault('ERR_FORBIDDEN', 'A key of --as-user-extra is not escaped as Kubernetes has it.')
  }
}

/**
 * Lets a caller be somebody else where the policy allows the verb impersonate on every part of that identity, as Kubernetes' own
 * rules do (users, groups, serviceaccounts, uids, userextras). Names of the system have to stand in the rule as they are, of a
 * service account its namespace, and in namespaces of the cluster its name too.
 *
 * @throws Fault ERR_FORBIDDEN.
 */
function assertMayBorrow(
  borrowed: Borrowed,
  { subject, session }: Pick<DecisionInput, 'subject' | 'session'>,
  { decide }: Pick<Stations, 'decide'>,
): void {
  const allowing = (part: Part) => {
    const { effect, reasons } = decide({ subject, session, request: requestFor(part) })
    return effect === 'allow' ? reasons.map(({ rule }) => rule) : []
  }
  for (const part of partsOf(borrowed)) {
    const strangers = strangersTo(part)
    const ofAnybody = strangers.flatMap(allowing)
    if (allowing(part).some((rule) => !ofAnybody.includes(rule))) continue
    const what = `${part.resource} ${JSON.stringify(part.name)}`
    throw new Fault('ERR_FORBIDDEN', `The policy does not let ${subject.name} act as ${what} (--as).`, {
      advice:
        strangers.length > 0
          ? 'A rule that allows impersonate would have to name it as it is.'
          : 'Repeat the command without --as, or ask for a rule that allows the verb impersonate.',
    })
  }
}

/** Who would be let in as well by a rule that does not name this part as it has to. */
function strangersTo(part: Part): readonly Part[] {
  if (part.resource !== 'serviceaccounts') return /^system:/i.test(part.name) ? [{ ...part, name: nobody }] : []
  const elsewhere = { ...part, namespace: nowhere }
  return systemNamespace.test(part.namespace) ? [elsewhere, { ...part, name: nobody }] : [elsewhere]
}

type Part = Pick<ResourceRequest, 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name'>

function partsOf({ user, uid, groups, extra }: Borrowed): readonly Part[] {
  const plain = { apiGroup: '', subresource: '', namespace: '' }
  const account = serviceAccount.exec(user)?.groups
  const who =
    account === undefined
      ? { ...plain, resource: 'users', name: user }
      : { ...plain, resource: 'serviceaccounts', namespace: account['namespace'] ?? '', name: account['name'] ?? '' }
  const authentication = { ...plain, apiGroup: 'authentication.k8s.io' }
  return [
    who,
    ...groups.map((name) => ({ ...plain, resource: 'groups', name })),
    ...(uid === '' ? [] : [{ ...authentication, resource: 'uids', name: uid }]),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((name) => ({ ...authentication, resource: 'userextras', subresource: key, name })),
    ),
  ]
}

function requestFor(part: Part): ResourceRequest {
  return {
    kind: 'resource',
    verb: 'impersonate',
    apiVersion: 'v1',
    fieldSelector: '',
    labelSelector: '',
    dryRun: false,
    effects: ['write'],
    path: '',
    ...part,
  }
}
