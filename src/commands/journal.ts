import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault } from '../model/fault.ts'
import { count } from '../../ui/words/notices.ts'
import { plain } from '../../ui/words/plain.ts'
import { followJournal } from '../journal/follow.ts'
import { searchJournal, verifyJournal, type JournalQuery } from '../journal/reader.ts'
import type { JournalProblem, JournalReport } from '../journal/verify.ts'
import { readJournalKeys } from '../trust/signing-key.ts'
import { exitCode, flag, printJson, say, text, type Command, type Context, type Parsed } from './command.ts'
import { foldersOf } from './link.ts'
import { withProgress } from './progress.ts'
import { stateHelp, stateOption } from './shared-options.ts'
import { ending } from './signals.ts'

/** What tail shows of the past. */
const tailLines = 10

const fields = [
  'user',
  'verb',
  'resource',
  'namespace',
  'decision',
  'session',
  'held',
  'text',
  'since',
  'until',
] as const

export const command: Command = {
  name: 'journal',
  summary: 'Search, show and follow the journal, or verify that nothing in it was altered.',
  usage: 'chaperone journal search|tail [FILTERS] | show ID | verify [--json]',
  help: `Each request has a line when it comes in and one when it is done, in the shape of audit.k8s.io/v1. \`search\` lists
what fits, \`tail\` the latest and then what comes, until Ctrl-C; \`show\` has all that is known of one request, by its audit
or held ID. \`verify\` follows the hash chain and the signatures; it exits 1 when anything does not fit.

Options
  --user NAME          who asked
  --verb VERB          get, list, watch, create, update, patch, delete …
  --resource RESOURCE  like pods, pods/exec or deployments.apps
  --namespace NAME     the namespace asked for
  --decision WORD      allow, hold or deny
  --session ID         a supervised session, s-…
  --held ID            a held request, h-…
  --text WORD          any field contains WORD
  --since TIME         from this time on, like 2026-11-23T06:00:00Z
  --until TIME         before this time
  --limit N            at most N events, the latest ones; tail begins with 10
  --json               machine-readable: an array of events (tail: one a line), or the
                       report
${stateHelp}

Examples
  chaperone journal search --decision=deny --json
  chaperone journal tail --user=ana
  chaperone journal verify`,
  options: {
    ...stateOption,
    ...Object.fromEntries(fields.map((name) => [name, { type: 'string' } as const])),
    limit: { type: 'string' },
    json: { type: 'boolean' },
  },
  run: async (context, parsed) => {
    switch (parsed.positionals[0]) {
      case 'search':
        return search(context, parsed)
      case 'tail':
        return tail(context, parsed)
      case 'show':
        return show(context, parsed)
      case 'verify':
        return verify(context, parsed)
      default:
        throw new Fault('ERR_USAGE', 'Say what to do: chaperone journal search, tail, show or verify.')
    }
  },
}

async function search(context: Context, parsed: Parsed): Promise<number> {
  const { journal } = foldersOf(text(parsed, 'state'), context)
  const limit = limitOf(parsed)
  const wanted = query(parsed)
  const found = await withProgress(context, 'reading the journal', () => latest(searchJournal(journal, wanted), limit))
  if (flag(parsed, 'json')) printJson(context, found)
  else for (const event of found) context.stdout.write(`${row(event)}\n`)
  return exitCode.ok
}

async function tail(context: Context, parsed: Parsed): Promise<number> {
  const { journal } = foldersOf(text(parsed, 'state'), context)
  const wanted = query(parsed)
  const stop = new AbortController()
  void ending().then(() => stop.abort())
  context.stdout.once('close', () => stop.abort())
  const print = (event: AuditEvent) =>
    context.stdout.write(flag(parsed, 'json') ? `${JSON.stringify(event)}\n` : `${row(event)}\n`)
  const coming = followJournal(journal, wanted, stop.signal)
  // The first look marks the place from which on nothing is missed.
  const first = coming.next()
  const begin = text(parsed, 'limit') === undefined ? tailLines : limitOf(parsed)
  const past = await latest(searchJournal(journal, wanted), begin)
  const shown = new Set(past.map(keyOf))
  for (const event of past) print(event)
  for (let next = await first; next.done !== true; next = await coming.next()) {
    if (!shown.has(keyOf(next.value))) print(next.value)
  }
  return exitCode.ok
}

const keyOf = ({ auditID, stage }: AuditEvent) => `${auditID} ${stage}`

/** Everything about one request, as it was written. */
async function show(context: Context, parsed: Parsed): Promise<number> {
  const { journal } = foldersOf(text(parsed, 'state'), context)
  const id = parsed.positionals[1]
  if (id === undefined) throw new Fault('ERR_USAGE', 'Name a request by its audit ID, or by its held ID.')
  const wanted = id.startsWith('h-') ? { held: id } : { auditID: id }
  const found = await latest(searchJournal(journal, wanted), Number.POSITIVE_INFINITY)
  if (found.length === 0) {
    throw new Fault('ERR_NOT_FOUND', `The journal has no request ${JSON.stringify(id)}.`, {
      advice: 'Find it with `chaperone journal search`.',
    })
  }
  if (flag(parsed, 'json')) printJson(context, found)
  else context.stdout.write(found.map(page).join('\n'))
  return exitCode.ok
}

/** One event, a row for each thing that it says. */
function page(event: AuditEvent): string {
  const { stage, stageTimestamp, user, sourceIPs, responseStatus, annotations } = event
  const rows = [
    [stage, stageTimestamp],
    ['who', `${user.username} (${(user.groups ?? []).join(', ')}) from ${sourceIPs.join(', ')}`],
    ['asked', `${event.verb} ${event.requestURI}`],
    ...(responseStatus === undefined
      ? []
      : [['answer', [responseStatus.code, responseStatus.message].join(' ').trim()]]),
    ...Object.entries(annotations).map(([name, value]) => [name.replace('chaperone/', ''), value]),
    ['audit ID', event.auditID],
  ]
  return rows.map(([name = '', value = '']) => `${name.padEnd(18)}${plain(value)}\n`).join('')
}

/** The last `limit` events. */
async function latest(events: AsyncIterable<AuditEvent>, limit: number): Promise<readonly AuditEvent[]> {
  const found: AuditEvent[] = []
  for await (const event of events) {
    found.push(event)
    if (found.length > limit) found.shift()
  }
  return found
}

function query(parsed: Parsed): JournalQuery {
  const decision = text(parsed, 'decision')
  if (decision !== undefined && !['allow', 'hold', 'deny'].includes(decision)) {
    throw new Fault('ERR_USAGE', `--decision must be allow, hold or deny, not ${JSON.stringify(decision)}.`)
  }
  return Object.fromEntries(
    fields.flatMap((name) => (text(parsed, name) === undefined ? [] : [[name, text(parsed, name)]])),
  )
}

function limitOf(parsed: Parsed): number {
  const given = text(parsed, 'limit')
  if (given === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
  throw new Fault('ERR_USAGE', `--limit must be a number from 1, not ${JSON.stringify(given)}.`)
}

function row(event: AuditEvent): string {
  const decision = event.annotations[annotation.decision] ?? '-'
  const what = event.annotations[annotation.command] ?? `${event.verb} ${event.requestURI}`
  const code = event.responseStatus === undefined ? event.stage : String(event.responseStatus.code)
  return [event.stageTimestamp, event.user.username, decision, code, plain(what), event.auditID].join('\t')
}

/** A problem of the whole file has no line, one of the whole journal has no file. */
function problemWords(folder: string, { file, line, problem }: JournalProblem): string {
  const place = file === '' ? folder : line === 0 ? file : `${file}:${line}`
  return `${place}: ${problem}`
}

function verdict({ ok, segments, events }: JournalReport): string {
  if (!ok && segments === 0) return 'Nothing to verify: no broker has written here yet, or the journal was removed.'
  return ok
    ? `${count(events, 'event')}, and nothing was altered.`
    : 'The journal does not verify: see the lines above.'
}

async function verify(context: Context, parsed: Parsed): Promise<number> {
  const { journal, trust } = foldersOf(text(parsed, 'state'), context)
  const keys = await readJournalKeys(trust)
  const report = await withProgress(context, 'verifying the journal', () =>
    verifyJournal(journal, { keys, anchorFolder: trust }),
  )
  if (flag(parsed, 'json')) printJson(context, report)
  else {
    for (const problem of report.problems) say(context, problemWords(journal, problem))
    say(context, verdict(report))
  }
  return report.ok ? exitCode.ok : exitCode.failed
}
