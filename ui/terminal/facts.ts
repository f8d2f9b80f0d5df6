import type { HeldRequest } from '../../src/model/held.ts'
import { clock, timeLeft } from '../words/durations.ts'
import { requestLine, reviewLine, shortDigest, stateWord, whoMay, why } from '../words/held.ts'
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
  return rows(
    [
      ...command(held),
      fact('why', held.reasons.map(why)),
      fact('needs', [needs(held, practice)]),
      fact('until', [until(held)]),
      ...said(held),
      ...reviews(held),
      ...sent(held),
    ],
    cells,
  )
}

/** What a reviewer sees: who asks and why, then exactly what would be sent. */
export function reviewerFacts(held: HeldRequest, cells: number, now: number): FactRow[] {
  const groups = held.subject.groups.length === 0 ? 'in no group' : `in ${held.subject.groups.join(', ')}`
  const behalf = held.subject.onBehalfOf === undefined ? '' : `, for ${held.subject.onBehalfOf}`
  return rows(
    [
      ...command(held),
      fact('asks', [plain(`${held.subject.name}${behalf} (${groups}), session ${held.sessionID}`)], 'strong'),
      ...said(held),
      fact('why', held.reasons.map(why)),
      fact('needs', [whoMay(held.requirement)]),
      fact('until', [`${clock(held.expiresAt)}, ${timeLeft(held.expiresAt, now)}; ${client(held)}`]),
      ...reviews(held),
      ...sent(held),
    ],
    cells,
  )
}

function command(held: HeldRequest): Fact[] {
  const runs = fact('runs', [plain(held.command)], 'strong')
  const what = fact('request', [requestLine(held.request)])
  if (held.claimedCommand === '' || held.claimedCommand === held.command) return [runs, what]
  return [runs, fact('claims', [`${plain(held.claimedCommand)}  (said by the client, not checked)`], 'claim'), what]
}

function needs(held: HeldRequest, practice: boolean): string {
  if (held.state !== 'pending') return stateWord(held.state)
  if (held.requirement.kind === 'confirm') return 'Your confirmation: press y, then type the two characters shown.'
  const how = practice ? 'chaperone review --practice' : 'chaperone review'
  return `${sentence(whoMay(held.requirement))} Not possible here: another person runs \`${how}\` in another terminal.`
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

function sent(held: HeldRequest): Fact[] {
  const target = fact('sends', [plain(`${held.method} ${held.target}`)])
  const digest = fact('sha256', [`${shortDigest(held.digest)}…`])
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

function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`
}
