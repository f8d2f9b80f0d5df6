import type { RequestNote } from '../../src/control/contract.ts'
import type { Decision } from '../../src/model/decision.ts'

/** What a person did at once, and the requests that their client made of it. */
export interface Activity {
  /** Audit ID of its first request. */
  readonly key: string
  /** The request that people mean by it: what was refused, held or changed rather than what was read on the way; the first of such. */
  readonly main: RequestNote
  /** Oldest first. */
  readonly requests: readonly RequestNote[]
  /** The strictest that was decided on any of them. */
  readonly decision: Decision['effect']
  readonly masked: number
  /** From the first request to the end of the last, in milliseconds. */
  readonly durationMs: number
}

/**
 * Milliseconds between the requests of one run of a client. kubectl needs some 50 to start, so that requests closer than
 * `next` are of one run; what it reads first it may think about for longer, but hardly longer than `first`.
 */
const gapMs = { next: 35, first: 1500 } as const

const known = new WeakMap<readonly RequestNote[], readonly Activity[]>()

/** Requests as commands, newest first. Thousands cost milliseconds; it is done once per list. */
export function activitiesOf(notes: readonly RequestNote[]): readonly Activity[] {
  const before = known.get(notes)
  if (before !== undefined) return before
  const groups: Group[] = []
  const open = new Map<string, Group>()
  for (const note of notes.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    const name = note.claimedCommand === '' ? note.command : note.claimedCommand
    const start = Date.parse(note.at)
    const end = start + note.durationMs
    const group = open.get(name)
    if (group !== undefined && belongs(note, group, start - group.end)) {
      group.requests.push(note)
      group.end = Math.max(group.end, end)
    } else {
      const fresh = { first: note, requests: [note], start, end }
      groups.push(fresh)
      open.set(name, fresh)
    }
  }
  const made = groups.map(activity).toReversed()
  known.set(notes, made)
  return made
}

/** Clients that say nothing of themselves are told apart by what they ask: the same again, soon, is polling. */
function belongs(note: RequestNote, { requests }: Group, gap: number): boolean {
  const isFirst =
    note.claimedCommand === '' || requests.every((one) => isReading(one) && (one.discovery || !isReading(note)))
  return gap <= (isFirst ? gapMs.first : gapMs.next)
}

/** Milliseconds since the epoch. */
interface Group {
  readonly first: RequestNote
  readonly requests: RequestNote[]
  readonly start: number
  end: number
}

const strictness: Readonly<Record<Decision['effect'], number>> = { allow: 0, hold: 1, deny: 2 }

function activity({ first, requests, start, end }: Group): Activity {
  return {
    key: first.auditID,
    main: requests.reduce((best, note) => (telling(note) > telling(best) ? note : best)),
    requests,
    decision: requests.reduce<Decision['effect']>(
      (worst, { decision }) => (strictness[decision] > strictness[worst] ? decision : worst),
      'allow',
    ),
    masked: requests.reduce((sum, { masked }) => sum + masked, 0),
    durationMs: end - start,
  }
}

/** Of a command's requests: refused before held before any change, then what was read, and discovery last. */
function telling(note: RequestNote): number {
  if (note.decision !== 'allow') return 2 + strictness[note.decision]
  return note.discovery ? 0 : isReading(note) ? 1 : 2
}

/** As the equivalent command says: it changes nothing, and others may follow it in the same run. */
function isReading({ command, discovery, decision }: RequestNote): boolean {
  return decision === 'allow' && (discovery || /^kubectl (get|describe|logs|top|events) /.test(`${command} `))
}
