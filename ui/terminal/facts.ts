import type { HeldRequest } from '../../src/model/held.ts'
import { clock } from '../words/durations.ts'
import { requestLine, reviewLine, shortDigest, whoMay, why } from '../words/held.ts'
import { plain, plainLines } from '../words/plain.ts'
import { wrap } from '../words/width.ts'
import type { Tone } from './theme.ts'

/** One row of the details: a label on the first row of each fact, then its text. Both are harmless and fit. */
export interface FactRow {
  readonly label: string
  readonly text: string
  readonly tone: Tone
}

interface Fact {
  readonly label: string
  readonly lines: readonly string[]
  readonly tone: Tone
}

/** Cells of the label column; the longest label and two spaces. */
export const labelWidth = 9

/** What the initiator sees: what waits, why, who can release it and how, then what exactly would be sent. */
export function initiatorFacts(held: HeldRequest, cells: number, practice: boolean): FactRow[] {
  return once(held, `initiator ${cells} ${practice}`, () =>
    rows(
      [
        fact('runs', [plain(held.command)], 'strong'),
        fact('needs', [needs(held, practice)]),
        ...claim(held),
        fact('why', held.reasons.map(why)),
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

function needs({ requirement }: HeldRequest, practice: boolean): string {
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

function fact(label: string, lines: readonly string[], tone: Tone = 'plain'): Fact {
  return { label, lines, tone }
}

function rows(facts: readonly Fact[], cells: number): FactRow[] {
  const room = Math.max(1, cells - labelWidth)
  return facts.flatMap(({ label, lines, tone }) =>
    lines.flatMap((line) => wrap(line, room)).map((text, index) => ({ label: index === 0 ? label : '', text, tone })),
  )
}
