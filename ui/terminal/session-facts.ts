import type { BrokerInfo } from '../../src/control/contract.ts'
import type { Session } from '../../src/model/session.ts'
import { ageInMinutes, clock } from '../words/durations.ts'
import { shortDigest } from '../words/held.ts'
import { linkSentence } from '../words/link.ts'
import { modeLabel, modeSentence } from '../words/mode.ts'
import { count } from '../words/notices.ts'
import { plain } from '../words/plain.ts'
import { pad, width } from '../words/width.ts'
import { fact, rows, type FactRow } from './fact-rows.ts'
import { leaderHelp, screenKeys } from './keys.ts'
import { pending, type Picture } from './picture.ts'

/** Who works here, on what, under which policy, and where it is written down. */
export function sessionFacts(
  {
    picture,
    session,
    info,
    now,
  }: {
    readonly picture: Picture
    readonly session: Session
    readonly info: BrokerInfo
    readonly now: number
  },
  cells: number,
): FactRow[] {
  const { id, kind, subject, startedAt } = session
  const { recording } = picture.session ?? session
  const broken = picture.link !== 'live' && picture.link !== 'connecting'
  return rows(
    [
      fact('broker', [plain(linkSentence(picture.link, picture.trouble, picture.since))], broken ? 'alarm' : 'plain'),
      fact('who', [plain(`${subject.name} (${subject.groups.join(', ') || 'in no group'}), ${kind} session ${id}`)]),
      fact('cluster', [plain(`${info.context}${info.practice ? ' (nothing here is real)' : ''} at ${info.server}`)]),
      fact('policy', [plain(`${info.policy.name}, ${shortDigest(info.policy.digest)}…`)]),
      fact('mode', [`${modeLabel(info.mode)}: ${modeSentence(info.mode)}`]),
      fact('since', [`${clock(startedAt)}, ${ageInMinutes(startedAt, now)}`]),
      fact('so far', [countWords(picture)]),
      fact('record', [recordWords(recording, id)]),
      fact('review', [`another person reviews with \`chaperone review${info.practice ? ' --practice' : ''}\``]),
    ],
    cells,
  )
}

/** What each key does, and what the signs mean. */
export function helpFacts(leader: string, cells: number): FactRow[] {
  return rows(
    [
      fact('always', aligned(leaderHelp(leader), cells)),
      fact('here', aligned(screenKeys(), cells)),
      fact('signs', ['✓ allowed   ▲ held, or was held   ✗ denied   ● recorded   ▸ chosen']),
      fact('more', ['`chaperone why last` explains the last decision, `chaperone help` lists all commands']),
    ],
    cells,
  )
}

/** Narrower than this, a column of keys would leave no room for what they do. */
const roomForKeys = 60

function aligned(lines: readonly (readonly [keys: string, words: string])[], cells: number): string[] {
  if (cells < roomForKeys) return lines.map(([keys, words]) => `${keys}: ${words}`)
  const column = Math.max(...lines.map(([keys]) => width(keys))) + 2
  return lines.map(([keys, words]) => pad(keys, column) + words)
}

function countWords(picture: Picture): string {
  const { counts } = picture
  const waiting = pending(picture).length
  return [
    count(counts.requests, 'request'),
    `${counts.denied} denied`,
    `${counts.held} held${waiting === 0 ? '' : `, ${waiting} more now`}`,
    `${count(counts.masked, 'value')} masked`,
  ].join(' · ')
}

function recordWords(recording: string, id: string): string {
  return recording === '' ? 'being opened' : plain(`${recording}; \`chaperone replay ${id}\` shows it`)
}
