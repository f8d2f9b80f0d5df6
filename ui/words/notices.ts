import type { HeldRequest } from '../../src/model/held.ts'
import type { SessionCounts } from '../../src/model/session.ts'
import { clock } from './durations.ts'
import { shortCommand, stateWord, whoMay } from './held.ts'
import { plain } from './plain.ts'

/** One line for a request that has just been held: what, who can release it, how long it waits. */
export function heldNotice(held: HeldRequest): string {
  const waits = held.waiting
    ? `waiting until ${clock(held.expiresAt)} (Ctrl-C withdraws)`
    : `open${held.requirement.kind === 'confirm' ? '' : ' for review'} until ${clock(held.expiresAt)}`
  return `held ${held.id}: ${plain(held.command)} — needs ${whoMay(held.requirement)}; ${waits}`
}

/** One line for every later state of a held request. */
export function verdictNotice(held: HeldRequest): string {
  return `${held.id} ${verdictWords(held)}`
}

/** `approved by rita: delete namespace x`, `denied by rita: not on a Friday`. */
export function verdictWords(held: HeldRequest): string {
  const what = shortCommand(held)
  const last = held.reviews.at(-1)
  const by = last === undefined ? '' : ` by ${plain(last.reviewer.name)}`
  switch (held.state) {
    case 'approved':
      return last === undefined ? `confirmed by you: ${what}` : `approved${by}: ${what}`
    case 'denied':
      if (last === undefined) return `denied: ${held.outcome === '' ? what : plain(held.outcome)}`
      return `denied${by}: ${last.comment === '' ? what : plain(last.comment)}`
    case 'expired':
      return `expired, nobody decided in time: ${what}`
    case 'withdrawn':
      return `withdrawn: ${what}`
    case 'completed':
    case 'failed':
    case 'unknown':
      return `${stateWord(held.state)}: ${held.outcome === '' ? what : plain(held.outcome)}`
    case 'pending':
    case 'executing':
      return `${stateWord(held.state)}: ${what}`
  }
}

/** What a session was, when it ends: `3 requests, 1 held, 2 values masked; chaperone replay latest`. */
export function sessionSummary(counts: SessionCounts): string {
  const parts = [count(counts.requests, 'request')]
  if (counts.held > 0) parts.push(`${counts.held} held`)
  if (counts.denied > 0) parts.push(`${counts.denied} denied`)
  if (counts.masked > 0) parts.push(`${count(counts.masked, 'value')} masked`)
  return `${parts.join(', ')}; chaperone replay latest`
}

/** `1 request`, `3 requests`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** What became of a request, for a list of past ones: `approved by rita: delete namespace x (done)`. */
export function historyWords(held: HeldRequest): string {
  const what = shortCommand(held)
  const last = held.reviews.at(-1)
  switch (held.state) {
    case 'executing':
    case 'completed':
    case 'failed':
    case 'unknown':
      return `${verdictWords({ ...held, state: 'approved' })} (${stateWord(held.state)})`
    case 'denied': {
      const by = last === undefined ? '' : ` by ${plain(last.reviewer.name)}`
      return `denied${by}: ${what}${last?.comment ? `; ${plain(last.comment)}` : ''}`
    }
    case 'pending':
    case 'approved':
    case 'expired':
    case 'withdrawn':
      return verdictWords(held)
  }
}
