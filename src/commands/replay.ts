import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { plain } from '../../ui/words/plain.ts'
import { Fault, toFault } from '../model/fault.ts'
import { findRecording } from '../recording/library.ts'
import { openLive, type LiveCast } from '../recording/live.ts'
import { fastest, slowest } from '../terminal/player.ts'
import { playRecording, printRecording } from '../terminal/replay.ts'
import { clock, parseClock } from '../terminal/seek-bar.ts'
import { Timeline } from '../terminal/timeline.ts'
import { exitCode, flag, say, text, type Command, type Context, type Parsed } from './command.ts'
import { foldersOf } from './link.ts'
import { configFlags, stateHelp, stateOption } from './shared-options.ts'
import { uiOption } from './notices.ts'
import { readOptional } from './files.ts'

/** A recording without an end that nobody has written to for a day was left by a crash. */
const liveMs = 24 * 3_600_000

export const command: Command = {
  name: 'replay',
  summary: 'Play a recording in the terminal.',
  usage: 'chaperone replay [FILE|ID|latest] [OPTIONS]',
  help: `Plays it as it was seen. Space pauses, ← and → jump, - and + change the speed, / searches, [ and ] go to the marker
before and after (where a request was held, denied or masked), l lists them, ? shows all keys, q ends. A recording that is still being
written is followed to its end.

Options
  --speed N            from ${slowest} to ${fastest}; default 1
  --start TIME         where to begin: 90, 1:30 or 1:02:03
  --idle-limit SECONDS longest silence that is played; default 2
  --markers            list the markers and their times, and play nothing
  --ui=full|line|none  line: text with the time of each line, for screen readers;
                       none: as --plain, which is also what a pipe or a file gets
  --print              write the whole output at once, as it was
  --plain              write the whole output at once, as text without colours
${stateHelp}

Examples
  chaperone replay latest
  chaperone replay latest --print | less -R
  chaperone replay s-k3x9ab --start=1:30 --speed=4`,
  options: {
    ...stateOption,
    ...uiOption,
    print: { type: 'boolean' },
    plain: { type: 'boolean' },
    markers: { type: 'boolean' },
    speed: { type: 'string' },
    start: { type: 'string' },
    'idle-limit': { type: 'string' },
  },
  run: async (context, parsed) => {
    const asked = parsed.positionals[0] ?? 'latest'
    const speed = speedOf(parsed)
    const start = startOf(parsed)
    const idleSeconds = idleOf(parsed)
    const { recordings } = foldersOf(text(parsed, 'state'), context)
    const path = await locate(asked, recordings)
    const live = await openNamed(path)
    const { header, events, notice } = live.cast
    if (notice !== undefined) say(context, notice)
    if (flag(parsed, 'markers')) {
      for (const { seconds, data } of new Timeline(events, idleSeconds).markers) {
        context.stdout.write(`${clock(seconds)}\t${plain(data)}\n`)
      }
      return exitCode.ok
    }
    const as = printedAs(context, parsed)
    if (as !== undefined) {
      const timeline = new Timeline(events, idleSeconds)
      const shown = timeline.events.filter(({ seconds }) => seconds >= (start ?? 0))
      await printRecording({ events: shown, stdout: context.stdout, as })
      return exitCode.ok
    }
    if (!context.stdin.isTTY) {
      throw new Fault('ERR_TERMINAL', 'Playing needs a terminal to read keys from.', {
        advice: 'Add --print to write the output at once, or --plain to write it as text.',
      })
    }
    const ending = new AbortController()
    try {
      await playRecording({
        cols: header.cols,
        rows: header.rows,
        events,
        more: live.isEnded || !(await isWritten(path)) ? undefined : live.more(ending.signal),
        speed,
        start,
        idleSeconds,
        title: header.title || basename(path),
        stdin: context.stdin,
        stdout: context.stdout,
      })
    } finally {
      ending.abort()
    }
    return exitCode.ok
  },
}

/** Into a file or a pipe goes text, which nothing can misread. Undefined: it is played. */
function printedAs(context: Context, parsed: Parsed): 'output' | 'text' | 'marked' | undefined {
  const { ui } = configFlags(parsed)
  if (flag(parsed, 'print')) return 'output'
  if (ui === 'line') return 'marked'
  return flag(parsed, 'plain') || ui === 'none' || !context.stdout.isTTY ? 'text' : undefined
}

/** A recorder writes every 100 ms while something happens, and a quiet shell may write nothing for long: its file is open. */
async function isWritten(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path)
  return Date.now() - mtimeMs < liveMs
}

async function openNamed(path: string): Promise<LiveCast> {
  try {
    return await openLive(path)
  } catch (thrown) {
    const fault = toFault(thrown)
    if (fault.code !== 'ERR_RECORDING') throw fault
    throw new Fault('ERR_RECORDING', `${path} cannot be played: ${fault.message}`, {
      advice: 'Recordings of sessions are listed by: chaperone recordings list',
      cause: fault,
    })
  }
}

function speedOf(parsed: Parsed): number | undefined {
  const given = text(parsed, 'speed')
  if (given === undefined) return undefined
  const speed = /^\d*\.?\d+$/.test(given) ? Number(given) : Number.NaN
  if (speed >= slowest && speed <= fastest) return speed
  throw new Fault('ERR_USAGE', `--speed must be a number from ${slowest} to ${fastest}, not ${JSON.stringify(given)}.`)
}

function startOf(parsed: Parsed): number | undefined {
  const given = text(parsed, 'start')
  if (given === undefined) return undefined
  const seconds = parseClock(given)
  if (seconds !== undefined) return seconds
  throw new Fault('ERR_USAGE', `--start must be a time like 90, 1:30 or 1:02:03, not ${JSON.stringify(given)}.`)
}

function idleOf(parsed: Parsed): number | undefined {
  const given = text(parsed, 'idle-limit')
  if (given === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(given)) return Number(given)
  throw new Fault('ERR_USAGE', `--idle-limit must be a number of seconds, not ${JSON.stringify(given)}.`)
}

/** A path wins over an ID, so that a file of any name can be played. */
async function locate(asked: string, folder: string): Promise<string> {
  if (asked.includes('/') || /\.(cast|gz|json)$/.test(asked)) {
    if ((await readOptional(asked)) !== undefined) return asked
    if (asked.includes('/')) throw new Fault('ERR_NOT_FOUND', `There is no recording ${asked}.`)
  }
  const found = await findRecording(folder, asked)
  return join(folder, found.file)
}
