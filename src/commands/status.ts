import { readdir } from 'node:fs/promises'
import { age, duration, timeLeft } from '../../ui/words/durations.ts'
import { whoMay } from '../../ui/words/held.ts'
import { count } from '../../ui/words/notices.ts'
import { plain } from '../../ui/words/plain.ts'
import type { StateFolders } from '../config/state.ts'
import type { BrokerInfo } from '../control/contract.ts'
import { reviewerFiles } from '../identity/reviewer-files.ts'
import { toFault } from '../model/fault.ts'
import type { HeldRequest } from '../model/held.ts'
import type { RecordingInfo } from '../model/recording.ts'
import type { Session } from '../model/session.ts'
import { findRecording } from '../recording/library.ts'
import { exitCode, flag, printJson, text, type Command } from './command.ts'
import { connect, foldersOf } from './link.ts'
import { lookNow } from './live.ts'
import { stateHelp, stateOption } from './shared-options.ts'
import { listed } from './wrap.ts'

export const command: Command = {
  name: 'status',
  summary: 'Show at a glance what runs, what is held and what was recorded.',
  usage: 'chaperone status [--json] [--state DIR]',
  help: `Looks at the broker of the state folder: its cluster, sessions and held requests, who
may review, and the latest recording. Exits 0 also when no broker runs.

Options
  --json               machine-readable
${stateHelp}

Examples
  chaperone status
  chaperone status --json`,
  options: { ...stateOption, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    const folders = foldersOf(text(parsed, 'state'), context)
    const picture = await look(folders)
    if (flag(parsed, 'json')) printJson(context, picture)
    else {
      const lines = [...describe(picture, Date.now()), ['state', folders.root] as const]
      for (const [name, words] of lines) context.stdout.write(`${listed(name, plain(words), context.stdout, 11)}\n`)
    }
    return exitCode.ok
  },
}

interface Picture {
  /** Null when none runs. */
  readonly broker: Omit<BrokerInfo, 'you'> | null
  readonly sessions: readonly Session[]
  readonly held: readonly HeldRequest[]
  readonly reviewers: readonly string[]
  readonly recordings: { readonly number: number; readonly latest: RecordingInfo | null }
}

async function look(folders: StateFolders): Promise<Picture> {
  const [live, reviewers, recordings] = await Promise.all([
    askBroker(folders),
    reviewerFiles(folders.reviewers).list(),
    countRecordings(folders.recordings),
  ])
  return {
    ...live,
    reviewers: reviewers.map(({ name }) => name),
    recordings,
  }
}

/** Only the latest is read: a list of all with their lengths takes as long as reading them. */
async function countRecordings(folder: string): Promise<Picture['recordings']> {
  const number = (await readdir(folder).catch(noneWhenMissing)).filter((name) => name.endsWith('.cast')).length
  return { number, latest: number === 0 ? null : await findRecording(folder, 'latest') }
}

function noneWhenMissing(cause: NodeJS.ErrnoException): string[] {
  if (cause.code === 'ENOENT') return []
  throw cause
}

async function askBroker(folders: StateFolders): Promise<Pick<Picture, 'broker' | 'sessions' | 'held'>> {
  try {
    await using link = await connect(folders, folders.operatorTokenFile)
    const { sessions } = await lookNow(link.client)
    const { you: _you, ...broker } = link.info
    return {
      broker,
      sessions: sessions.filter(({ endedAt }) => endedAt === undefined),
      held: await link.client.listHeld('pending'),
    }
  } catch (thrown) {
    const fault = toFault(thrown)
    if (fault.code !== 'ERR_BROKER' && fault.code !== 'ERR_USAGE') throw fault
    return { broker: null, sessions: [], held: [] }
  }
}

/** One row for each thing; a name stands only before its first row. */
function describe(picture: Picture, now: number): readonly (readonly [string, string])[] {
  const { broker, sessions, held } = picture
  return [
    ['broker', broker === null ? 'none runs; `chaperone shell` and `chaperone run` start one' : brokerWords(broker)],
    ...rows(
      'sessions',
      sessions.map((one) => sessionWords(one, now)),
    ),
    ...rows(
      'held',
      held.map((one) => heldWords(one, now)),
    ),
    ['reviewers', reviewerWords(picture)],
    ['recorded', recordedWords(picture.recordings, now)],
  ]
}

function rows(name: string, lines: readonly string[]): readonly (readonly [string, string])[] {
  if (lines.length === 0) return [[name, 'none']]
  return lines.map((line, index) => [index === 0 ? name : '', line])
}

function brokerWords({ context, server, practice, mode, policy, pid }: NonNullable<Picture['broker']>): string {
  const where = practice ? 'the practice cluster (nothing is real)' : `${context} (${server})`
  return `process ${pid} for ${where}; mode ${mode}; policy ${policy.name}`
}

function sessionWords({ id, kind, subject, command, startedAt, counts }: Session, now: number): string {
  const parts = [count(counts.requests, 'request')]
  if (counts.held > 0) parts.push(`${counts.held} held`)
  if (counts.denied > 0) parts.push(`${counts.denied} denied`)
  const since = duration(now - Date.parse(startedAt))
  return `${id}  ${subject.name}  ${kind} for ${since}  ${parts.join(', ')}  ${command.join(' ').slice(0, 60)}`
}

function heldWords({ id, subject, command, requirement, expiresAt }: HeldRequest, now: number): string {
  return `${id}  ${subject.name}  ${command}  needs ${whoMay(requirement)}, ${timeLeft(expiresAt, now)}`
}

function reviewerWords({ reviewers, broker }: Picture): string {
  if (broker?.practice === true) return 'the practice reviewer: chaperone review --practice'
  if (reviewers.length > 0) return reviewers.join(', ')
  return 'nobody yet; add one with `chaperone reviewer add NAME`'
}

function recordedWords({ number, latest }: Picture['recordings'], now: number): string {
  if (latest === null) return 'nothing yet'
  return `${count(number, 'session')}, the latest ${age(latest.startedAt, now)}: chaperone replay latest`
}
