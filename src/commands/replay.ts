import { createReadStream } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault } from '../model/fault.ts'
import { findRecording } from '../recording/library.ts'
import { parseCast } from '../recording/read.ts'
import { playRecording, printRecording } from '../terminal/replay.ts'
import { exitCode, flag, say, text, type Command } from './command.ts'
import { foldersOf } from './link.ts'
import { stateHelp, stateOption } from './shared-options.ts'
import { readOptional } from './files.ts'

export const command: Command = {
  name: 'replay',
  summary: 'Play a recording in the terminal.',
  usage: 'chaperone replay FILE|ID|latest [--print] [--state DIR]',
  help: `Space pauses, ←/→ jump 5 seconds, [ and ] change the speed, m and M go to the next and previous marker, q ends.

Options
  --print              write the whole output at once
${stateHelp}

Example
  chaperone replay latest
  chaperone replay latest --print | less -R`,
  options: { ...stateOption, print: { type: 'boolean' } },
  run: async (context, parsed) => {
    const [asked] = parsed.positionals
    if (asked === undefined) throw new Fault('ERR_USAGE', 'Name a recording: a file, a session ID, or latest.')
    const { recordings } = foldersOf(text(parsed, 'state'), context)
    const path = await locate(asked, recordings)
    const cast = await parseCast(createReadStream(path))
    if (cast.notice !== undefined) say(context, cast.notice)
    if (flag(parsed, 'print')) {
      await printRecording({ events: cast.events, stdout: context.stdout })
      return exitCode.ok
    }
    if (!context.stdin.isTTY || !context.stdout.isTTY) {
      throw new Fault('ERR_TERMINAL', 'Playing needs a terminal.', {
        advice: 'Add --print to write the output at once.',
      })
    }
    await playRecording({
      cols: cast.header.cols,
      rows: cast.header.rows,
      events: cast.events,
      title: cast.header.title || basename(path),
      stdin: context.stdin,
      stdout: context.stdout,
    })
    return exitCode.ok
  },
}

/** A path wins over an ID, so that a file of any name can be played. */
async function locate(asked: string, folder: string): Promise<string> {
  if (asked.includes('/') || asked.endsWith('.cast')) {
    if ((await readOptional(asked)) !== undefined) return asked
    if (asked.includes('/')) throw new Fault('ERR_NOT_FOUND', `There is no recording ${asked}.`)
  }
  const found = await findRecording(folder, asked)
  return join(folder, found.file)
}
