import type { HeldRequest } from '../../src/model/held.ts'
import { ageInMinutes, clock } from '../words/durations.ts'
import { isCut, requestLine, reviewLine, shortDigest, whoMay, why } from '../words/held.ts'
import { plain, plainLines } from '../words/plain.ts'
import { fact, rows, type Fact, type FactRow } from './fact-rows.ts'

/** What the initiator sees: what waits, why, who can release it and how, then what exactly would be sent. */
export function initiatorFacts(
  held: HeldRequest,
  cells: number,
  { practice, now }: { readonly practice: boolean; readonly now: number },
): FactRow[] {
  const asked = `${clock(held.createdAt)}, ${ageInMinutes(held.createdAt, now)}`
  return once(held, `initiator ${cells} ${practice} ${asked}`, () =>
    rows(
      [
        fact('runs', [plain(held.command)], 'strong'),
        fact('needs', [needs(held, practice)]),
        ...cutNote(held),
        ...claim(held),
        fact('why', held.reasons.map(why)),
        fact('asked', [asked]),
        fact('until', [until(held)]),
        ...said(held),
        ...reviews(held),
        fact('request', [requestLine(held.request)]),
        ...sent(held, `${shortDigest(held.digest)}…`),
      ],
      cells,
    ),
  )
}

/** What a reviewer sees: who asks and why, then exactly what would be sent. */
export function reviewerFacts(held: HeldRequest, cells: number): FactRow[] {
  return once(held, `reviewer ${cells}`, () =>
    rows(
      [
        fact('runs', [plain(held.command)], 'strong'),
        ...claim(held),
        ...cutNote(held),
        fact('asks', [asker(held)], 'strong'),
        ...said(held),
        fact('why', held.reasons.map(why)),
        fact('needs', [needsFrom(held)]),
        fact('until', [until(held)]),
        ...reviews(held),
        fact('request', [requestLine(held.request)]),
        ...sent(held, plain(held.digest)),
      ],
      cells,
    ),
  )
}

const kept = new WeakMap<HeldRequest, { readonly key: string; readonly rows: FactRow[] }>()

/** A body of 64 KiB costs tens of milliseconds to lay out; it is done once per request and width, not per frame. */
function once(held: HeldRequest, key: string, make: () => FactRow[]): FactRow[] {
  const known = kept.get(held)
  if (known?.key === key) return known.rows
  const made = { key, rows: make() }
  kept.set(held, made)
  return made.rows
}

function asker({ subject, sessionID }: HeldRequest): string {
  const groups = subject.groups.length === 0 ? 'in no group' : `in ${subject.groups.join(', ')}`
  const behalf = subject.onBehalfOf === undefined ? '' : `, for ${subject.onBehalfOf}`
  return plain(`${subject.name}${behalf} (${groups}), session ${sessionID}`)
}

/** Shown where it differs; kubectl itself claims only its verb, as in `kubectl delete`. */
function claim({ command, claimedCommand }: HeldRequest): Fact[] {
  if (claimedCommand === '' || `${command} `.startsWith(`${claimedCommand} `)) return []
  return [fact('claims', [`${plain(claimedCommand)}  (said by the client, not checked)`], 'claim')]
}

/** Said above everything else, because the rest is then not everything. */
function cutNote(held: HeldRequest): Fact[] {
  if (!isCut(held)) return []
  const words =
    'The body is too long to be shown whole, so nobody can say yes to it here: split it into smaller requests.'
  return [fact('cut', [words], 'bad')]
}

function needs(held: HeldRequest, practice: boolean): string {
  const { requirement } = held
  if (requirement.kind === 'confirm' && isCut(held))
    return 'your confirmation, which cannot be given to what is not shown'
  if (requirement.kind === 'confirm') return 'your confirmation: press y, then type the two characters shown'
  const how = practice ? 'chaperone review --practice' : 'chaperone review'
  return `${whoMay(requirement)}: another person, in another terminal, with \`${how}\``
}

function needsFrom({ requirement, subject }: HeldRequest): string {
  return requirement.kind === 'confirm' ? plain(`${subject.name}'s own confirmation`) : whoMay(requirement)
}

function until(held: HeldRequest): string {
  return `${clock(held.expiresAt)}, then it expires; ${client(held)}`
}

function client(held: HeldRequest): string {
  return held.waiting ? 'the client waits' : 'no client waits: after approval the command must be repeated'
}

function said(held: HeldRequest): Fact[] {
  return held.comment === '' ? [] : [fact('comment', plainLines(held.comment))]
}

function reviews(held: HeldRequest): Fact[] {
  if (held.reviews.length === 0) return []
  const lines = held.reviews.map((review) => `${review.verdict === 'approve' ? '✓' : '✗'} ${reviewLine(review)}`)
  return [fact('reviews', lines)]
}

function sent(held: HeldRequest, shownDigest: string): Fact[] {
  const target = fact('sends', [plain(`${held.method} ${held.target}`)])
  const digest = fact('sha256', [shownDigest])
  return held.body === '' ? [target, digest] : [target, digest, fact('body', plainLines(held.body))]
}
