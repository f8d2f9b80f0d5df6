import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { toFault } from '../model/fault.ts'
import { exitStatusOf } from '../terminal/exit-status.ts'
import { Keeper } from '../terminal/keeper.ts'
import { openPty } from '../terminal/pty.ts'
import { recorded } from '../terminal/recorded.ts'
import { exitCode, text, type Command, type Parsed } from './command.ts'
import { goSchema, keptFile, keptSocket, type Kept } from './kept.ts'
import { parseReady } from './ready.ts'
import { writePrivateFile } from './files.ts'
import { brokerOptions, sessionOptions } from './shared-options.ts'
import { supervise } from './supervised.ts'

/** Started by `shell` alone: it keeps the program, its recording and its session while terminals come and go. */
export const command: Command = {
  name: '__keeper',
  summary: 'Keep a shell while its terminal is away.',
  usage: 'chaperone __keeper --until-exit [OPTIONS] -- CMD…',
  help: 'Started by `chaperone shell`.',
  options: {
    ...brokerOptions,
    ...sessionOptions,
    'until-exit': { type: 'boolean' },
    'keep-ms': { type: 'string' },
  },
  run: async (context, parsed) => {
    const go = await firstLine(context.stdin)
    // Whoever started it has thought better of it.
    if (go === undefined) return exitCode.ok
    const { practice, ...size } = parseReady(goSchema, JSON.parse(go), 'What starts the keeper')
    const asked = { ...parsed, values: { ...parsed.values, practice } }
    await using supervised = await supervise(context, asked, { kind: 'shell', command: parsed.rest, ...size })
    const { session, recorder, folder } = supervised
    const pty = recorded(
      openPty({ command: parsed.rest, env: supervised.variables, cwd: process.cwd(), ...size }),
      recorder,
    )
    const path = keptSocket(folder)
    const keeper = await Keeper.listen({
      pty,
      path,
      hello: { session, recording: recorder.path },
      flush: () => recorder.flush(),
      keepMs: number(parsed, 'keep-ms'),
    })
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => keeper.hangUp(signal))
    const kept: Kept = { kind: 'Keeper', pid: process.pid, session, command: parsed.rest }
    await writePrivateFile(join(folder, keptFile), `${JSON.stringify(kept)}\n`)
    context.stdout.write(`${JSON.stringify(kept)}\n`)
    const ended = await pty.exited.catch((thrown: unknown) => ({ exitStatus: exitCode.failed, fault: toFault(thrown) }))
    const exitStatus = keeper.endedBy === undefined ? ended.exitStatus : exitStatusOf(null, keeper.endedBy)
    const fault = 'fault' in ended ? ended.fault : undefined
    const { counts } = await supervised.finish(exitStatus).catch((thrown: unknown) => {
      if (fault === undefined) throw thrown
      return session
    })
    await keeper.close({
      exitStatus,
      counts,
      ...(fault === undefined ? {} : { fault: { code: fault.code, message: fault.message, advice: fault.advice } }),
    })
    return exitCode.ok
  },
}

async function firstLine(input: NodeJS.ReadStream): Promise<string | undefined> {
  for await (const line of createInterface({ input })) return line
  return undefined
}

function number(parsed: Parsed, name: string): number {
  return Number(text(parsed, name) ?? Number.NaN)
}
