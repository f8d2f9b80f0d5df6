import { annotation, type AuditEvent } from '../model/audit.ts'
import type { Decision } from '../model/decision.ts'
import type { RequestAttributes } from '../model/request.ts'
import { explain } from '../policy/explain.ts'
import type { Policy } from '../policy/parse.ts'
import type { DecisionInput } from '../policy/port.ts'
import { describe } from '../request/attributes.ts'
import { parseTarget } from '../request/target.ts'
import { describedSession, subjectOf } from './described-request.ts'
import type { MaskedPaths } from './masked-paths.ts'
import { masksOf } from './policy-test.ts'

/** What a policy says to one request, for people and scripts. */
export interface Explanation {
  readonly decision: Decision['effect']
  readonly reasons: Decision['reasons']
  /** What callers would not see. */
  readonly masked: readonly MaskedPaths[]
  /** One sentence: what would let it pass. */
  readonly wayForward: string
  readonly rules: ReturnType<typeof explain>
}

export function explanationOf(policy: Policy, input: DecisionInput): Explanation {
  const decision = policy.decide(input)
  const names = masksOf(decision)
  return {
    decision: decision.effect,
    reasons: decision.reasons,
    masked: policy.maskSets.filter(({ name }) => names.includes(name)).flatMap((set) => maskedBy(set, input.request)),
    wayForward: wayForward(decision),
    rules: explain(policy, input),
  }
}

/** The fields a mask set hides of the resource asked for; other objects inside its answers have fields of their own. */
function maskedBy({ fields }: Policy['maskSets'][number], request: RequestAttributes): readonly MaskedPaths[] {
  if (request.kind === 'non-resource') return []
  return fields
    .filter(({ apiGroup }) => apiGroup === '*' || apiGroup === request.apiGroup)
    .filter(({ resource }) => resource === '*' || resource === request.resource)
    .map(({ paths, keys, detectors }) => ({
      resource: request.resource,
      paths,
      only: [...(keys ?? []), ...(detectors ?? [])],
    }))
}

function wayForward(decision: Decision): string {
  if (decision.effect === 'allow') return 'Nothing more is needed.'
  if (decision.effect === 'deny') {
    const speaker = decision.reasons[0]?.rule
    if (speaker === undefined) return 'A rule with effect allow that covers all of the request would let it pass.'
    return `Only a change of ${speaker} would let it pass: a deny outweighs every other rule.`
  }
  const { requirement } = decision
  if (requirement.kind === 'confirm')
    return 'The caller has to confirm it, in the drawer of the shell or with chaperone held confirm ID.'
  const who = requirement.reviewers.map((one) => ('group' in one ? `group ${one.group}` : one.user)).join(' or ')
  const people = requirement.count === 1 ? 'Another person' : `${requirement.count} other people`
  return `${people} of ${who} may approve it: chaperone review.`
}

const methods: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
}

/**
 * A request as the journal remembers it: without its body, so that what rules ask of the body is not known, and a
 * server-side apply looks like a patch. Undefined for lines about which policy was not asked.
 */
export function rememberedInput(event: AuditEvent): DecisionInput | undefined {
  const { [annotation.decision]: decision, [annotation.policy]: digest } = event.annotations
  if (decision === undefined || digest === undefined || event.user.username === '') return undefined
  const { username, groups = [] } = event.user
  const request = describedAgain(event)
  if (request === undefined) return undefined
  const id = event.annotations[annotation.session] ?? describedSession.id
  const reason = event.annotations[annotation.sessionReason]
  return {
    subject: subjectOf({ name: username, groups: [...groups] }),
    session: { ...describedSession, id, ...(reason === undefined ? {} : { reason }) },
    request,
    now: new Date(event.requestReceivedTimestamp),
  }
}

function describedAgain({ verb, requestURI, objectRef }: AuditEvent): RequestAttributes | undefined {
  const isConnect = ['exec', 'attach', 'portforward'].includes(objectRef?.subresource ?? '')
  const method = isConnect ? 'POST' : (methods[verb] ?? 'GET')
  try {
    return describe(method, parseTarget(requestURI), '')
  } catch {
    return undefined // What was refused as malformed never reached the policy.
  }
}
