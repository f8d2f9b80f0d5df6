import type { Reason, Requirement } from '../../src/model/decision.ts'
import type { HeldRequest, HeldState, Review } from '../../src/model/held.ts'
import type { RequestAttributes } from '../../src/model/request.ts'
import { clock } from './durations.ts'
import { plain } from './plain.ts'

export { isCut } from '../../src/model/held.ts'

const stateWords: Readonly<Record<HeldState, string>> = {
  pending: 'waits',
  approved: 'approved, about to run',
  executing: 'running',
  completed: 'done',
  failed: 'failed',
  denied: 'denied',
  expired: 'expired',
  withdrawn: 'withdrawn',
  unknown: 'outcome unknown',
}

/** What a held request is doing, in a word or two. */
export function stateWord(state: HeldState): string {
  return stateWords[state]
}

/** The command without its program, which everyone knows: `delete namespace shop-staging`. */
export function shortCommand(held: Pick<HeldRequest, 'command'>): string {
  return plain(held.command).replace(/^kubectl /, '')
}

/** What the request is in Kubernetes' own words: `delete namespaces/shop-staging`, `create pods/exec web-0 in shop`. */
export function requestLine(request: RequestAttributes): string {
  if (request.kind === 'non-resource') return plain(`${request.verb} ${request.path}`)
  const group = request.apiGroup === '' ? '' : `.${request.apiGroup}`
  const subresource = request.subresource === '' ? '' : `/${request.subresource}`
  const parts = [request.verb, `${request.resource}${group}${subresource}`]
  if (request.name !== '') parts.push(request.name)
  if (request.namespace !== '' && request.resource !== 'namespaces') parts.push(`in namespace ${request.namespace}`)
  if (request.dryRun) parts.push('(dry run)')
  return plain(parts.join(' '))
}

/** Who can release it, as a noun phrase: `a review by platform-leads`, `2 reviews by rita or group sre`. */
export function whoMay(requirement: Requirement): string {
  if (requirement.kind === 'confirm') return 'your confirmation'
  const names = requirement.reviewers.map((one) => plain('group' in one ? `group ${one.group}` : one.user))
  const by = names.length === 0 ? 'anyone named' : names.join(' or ')
  return requirement.count === 1 ? `a review by ${by}` : `${requirement.count} reviews by ${by}`
}

/** `Changes to access rules need a second person. (production/rbac)`. */
export function why(reason: Reason): string {
  const rule = reason.rule === undefined ? '' : ` (${reason.rule})`
  return plain(`${reason.message}${rule}`)
}

/** The beginning of a digest, long enough to compare by eye. */
export function shortDigest(digest: string): string {
  return plain(digest.slice(0, 12))
}

/** `approved by rita at 14:20: fine by me`. */
export function reviewLine({ verdict, reviewer, at, comment, sawWhole }: Review): string {
  const words = comment === '' ? '' : `: ${plain(comment)}`
  const unread = sawWhole === false ? ', not shown whole' : ''
  return `${verdict === 'approve' ? 'approved' : 'denied'} by ${plain(reviewer.name)} at ${clock(at)}${unread}${words}`
}
