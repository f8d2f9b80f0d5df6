import { annotation, type AuditEvent } from '../../src/model/audit.ts'
import type { RequestNote } from '../../src/control/contract.ts'
import type { ReasonCode } from '../../src/model/decision.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import { clock } from './durations.ts'
import { whoMay } from './held.ts'
import { count } from './notices.ts'
import { plain } from './plain.ts'

/** One rule that spoke, as it stood when it did. */
export interface SpokenRule {
  /** `policy/rule`. */
  readonly id: string
  readonly effect: 'allow' | 'hold' | 'deny'
  readonly message: string
  /** `/etc/chaperone/policy.yaml:12`, or `the built-in policy`. */
  readonly place: string
}

/** What of a journal line the sentences need. */
type Line = Pick<
  AuditEvent,
  'annotations' | 'verb' | 'requestURI' | 'requestReceivedTimestamp' | 'stage' | 'responseStatus'
> & {
  readonly user: Pick<AuditEvent['user'], 'username'>
}

/** Everything that is known of one request. */
export interface Known {
  readonly event: Line
  /** Empty when the policy of that time is not known any more. */
  readonly rules: readonly SpokenRule[]
  /** Where the policy of that time stood; empty when not known. */
  readonly policyFiles: readonly string[]
  /** The held request as it stands now, where the broker still knows it. */
  readonly held: HeldRequest | undefined
}

/** A decision in three sentences, a line each: what was asked, what decided and why, how it ended or what would let it pass. */
export function explainDecision(known: Known): string {
  return [asked(known), decided(known), ended(known)].map(plain).join('\n')
}

/** The same sentences from what screens know of an ended request of a session. */
export function explainNote(note: RequestNote, username: string, held: HeldRequest | undefined): string[] {
  const values: Partial<Record<keyof typeof annotation, string>> = {
    decision: note.decision,
    reason: note.reason.code,
    message: note.reason.message,
    rules: note.rules.join(','),
    held: note.heldID,
    reviewer: note.reviewers.join(', '),
    command: note.command,
    claimedCommand: note.claimedCommand,
    outcome: note.statusCode < 400 || ranUpstream.has(note.reason.code) ? 'completed' : 'refused',
    masked: String(note.masked),
  }
  const annotations = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [annotation[name as keyof typeof annotation], value]),
  )
  const event: Line = {
    annotations,
    verb: '',
    requestURI: '',
    user: { username },
    stage: 'ResponseComplete',
    requestReceivedTimestamp: note.at,
    responseStatus: { code: note.statusCode },
  }
  return explainDecision({ event, rules: [], policyFiles: [], held }).split('\n')
}

/** Reasons of requests that went to the API server: a failure is its own word. */
const ranUpstream: ReadonlySet<string> = new Set<ReasonCode>(['rule-allows', 'review-approved', 'confirmed'])

function asked({ event }: Known): string {
  const command = note(event, 'command') || `${event.verb} ${event.requestURI}`
  const claimed = note(event, 'claimedCommand')
  const at = event.requestReceivedTimestamp.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')
  const session = note(event, 'session')
  const where = session === '' ? '' : ` in session ${session}`
  const claim = claimed === '' ? '' : `, as a part of what its client calls \`${claimed}\``
  return `${event.user.username || 'Someone not signed in'} asked for \`${command}\` at ${at}${where}${claim}.`
}

const verbs = { allow: 'It was allowed', hold: 'It was held', deny: 'It was denied' } as const

function decided({ event, rules, policyFiles, held }: Known): string {
  const effect = note(event, 'decision') as keyof typeof verbs
  const names = note(event, 'rules').split(',').filter(Boolean)
  const message = note(event, 'message')
  if (note(event, 'reason') === 'no-rule-matches') {
    const where = policyFiles.length === 0 ? 'the policy' : policyFiles.join(' or ')
    return `It was denied because no rule of ${where} allows it.`
  }
  if (names.length === 0) return `It was refused before the policy was asked: ${sentence(message)}`
  const deciding = rules.filter((rule) => rule.effect === effect)
  if (effect === 'hold' && isHeldWrite(held, rules)) {
    return `It was held although the ${rulesWord(names)} ${names.join(', ')} ${names.length === 1 ? 'allows' : 'allow'} it, because it writes over a value that is hidden.`
  }
  if (deciding.length === 0)
    return `${verbs[effect]} by the ${rulesWord(names)} ${names.join(', ')}: ${sentence(message)}`
  const places = deciding.map(({ id, place }) => `${id} (${place})`).join(' and ')
  const why = [...new Set(deciding.map((rule) => sentence(rule.message)))].join(' ')
  return `${verbs[effect]} by the ${rulesWord(deciding)} ${places}: ${why}`
}

/** Held for what it writes, where no rule holds it. */
function isHeldWrite(held: HeldRequest | undefined, rules: readonly SpokenRule[]): boolean {
  if (held !== undefined) return held.reasons.some(({ code }) => code === 'hidden-write')
  return rules.length > 0 && rules.every(({ effect }) => effect === 'allow')
}

function ended(known: Known): string {
  const { event } = known
  if (event.stage !== 'ResponseComplete') return waiting(known)
  if (note(event, 'outcome') === 'completed') return completed(event)
  const message = sentence(note(event, 'message'))
  switch (note(event, 'reason')) {
    case 'still-held':
      return stillHeld(known)
    case 'no-rule-matches':
      return 'To let it pass, add a rule that allows it to the policy.'
    case 'rule-denies':
    case 'rule-failed':
      return `To let it pass, ${note(event, 'rules').includes(',') ? 'these rules have' : 'this rule has'} to change, or the request.`
    case 'limit-reached':
      return 'To let it pass, wait, ask for less at once, or have the limit changed.'
    case 'reason-missing':
    case 'watcher-missing':
      return 'To let it pass, do what the rule wants, and ask again.'
    case 'approval-expired':
      return 'Nobody decided in time; to let it pass, ask again while a reviewer is there.'
    case 'review-denied':
      return `${message} To let it pass, talk to the reviewer and ask again.`
    case 'client-gone':
    case 'withdrawn':
      if (wasForwarded(event))
        return `The API server answered ${event.responseStatus?.code}, but the client left before it had the whole answer.`
      return 'It did not run: it was taken back, or its client left, before its answer; ask again to let it pass.'
    case 'policy-changed':
      return `${message} Ask again, under the policy of today.`
    case 'mask-token-in-write':
      return `It did not run: ${message} To let it pass, leave that field out, or give it its real value.`
    case 'upstream-failed':
      return `It did not succeed: ${message} See \`chaperone doctor\`.`
    case 'not-authenticated':
      return 'Nothing was sent to the cluster; to let it pass, sign in or open a session, and ask again.'
    default:
      return `It ended as ${note(event, 'outcome') || 'unknown'}: ${message}`
  }
}

function completed(event: Line): string {
  const code = event.responseStatus?.code ?? 0
  const reviewer = note(event, 'reviewer')
  const released =
    note(event, 'reason') === 'confirmed' ? 'Its caller confirmed it' : reviewer === '' ? '' : `${reviewer} approved it`
  const masked = Number(note(event, 'masked') || '0')
  const hidden =
    masked === 0 ? '' : `, and ${count(masked, 'value')} in the answer ${masked === 1 ? 'was' : 'were'} hidden`
  const own = code >= 400 ? ', which is the word of the cluster and not of Chaperone' : ''
  return `${released === '' ? 'The' : `${released}, and the`} API server answered ${code}${hidden}${own}.`
}

/** 499 and 403 are Chaperone's own answers to a client that left, and to one whose request was taken back. */
function wasForwarded({ responseStatus }: Line): boolean {
  return responseStatus !== undefined && ![403, 499].includes(responseStatus.code)
}

function waiting({ event, held }: Known): string {
  if (note(event, 'decision') !== 'hold') return 'It has not ended yet.'
  if (held?.state !== 'pending') return 'It has not ended yet, or the broker ended before it did.'
  return `It waits as ${held.id} until ${clock(held.expiresAt)}; ${letPass(held)}.`
}

function stillHeld({ event, held }: Known): string {
  const id = note(event, 'held')
  if (held?.state === 'approved') return `${id} is approved by now; to let it pass, run the same command again.`
  if (held?.state === 'pending') {
    return `It is held as ${id} until ${clock(held.expiresAt)}; ${letPass(held)}, and run the same command again.`
  }
  if (held?.state === 'denied') return `${sentence(held.outcome)} To let it pass, talk to the reviewer and ask again.`
  if (held !== undefined) return `${id} is ${held.state} by now; to let it pass, ask again.`
  return `To let it pass, have ${id} approved and run the same command again.`
}

function letPass({ id, requirement }: HeldRequest): string {
  if (requirement.kind === 'confirm')
    return `to let it pass, confirm it in the drawer of \`chaperone shell\`, or with \`chaperone held confirm ${id}\``
  return `to let it pass, it needs ${whoMay(requirement)}, given by \`chaperone review\` or \`chaperone held approve ${id}\``
}

function rulesWord({ length }: { readonly length: number }): string {
  return length === 1 ? 'rule' : 'rules'
}

function sentence(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') return 'no reason was written down.'
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}

function note(event: Line, name: keyof typeof annotation): string {
  return event.annotations[annotation[name]] ?? ''
}
