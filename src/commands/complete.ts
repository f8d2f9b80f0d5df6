import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { plain } from '../../ui/words/plain.ts'
import { stateFolders, type StateFolders } from '../config/state.ts'
import type { ControlClient } from '../control/contract.ts'
import { exitCode, type Context } from './command.ts'
import { askable, type Asked } from './completion-words.ts'
import { readOptional } from './files.ts'

/**
 * `chaperone __complete WHAT -- WORDS…`, for the completion scripts: the values there are now, one a line. WORDS are the line
 * as typed, for its --state and --kubeconfig. A person is typing: whatever goes wrong, nothing is offered and nothing said.
 */
export async function complete(context: Context, [what = '', ...line]: readonly string[]): Promise<number> {
  const asked = askable.find((one) => one === what)
  if (asked === undefined) return exitCode.usage
  try {
    const values = await lookUp(asked, context, line)
    // A name that could act on the terminal, or is two words, cannot be typed by completion either.
    const fit = values.filter((value) => value !== '' && plain(value) === value && !/\s/.test(value))
    context.stdout.write(fit.map((value) => `${value}\n`).join(''))
    return exitCode.ok
  } catch {
    return exitCode.failed
  }
}

async function lookUp(what: Asked, context: Context, line: readonly string[]): Promise<readonly string[]> {
  const folders = stateFolders(given(context, line, 'state') ?? context.environment.stateFolder)
  switch (what) {
    case 'contexts': {
      const { readContexts } = await import('./contexts.ts')
      const file = given(context, line, 'kubeconfig')
      return (await readContexts(file === undefined ? context.environment.kubeconfigPaths : [file])).names
    }
    case 'held':
      return fromBroker(folders, heldNow)
    case 'decisions':
      return ['last', ...(await fromBroker(folders, heldNow))]
    case 'recordings': {
      const names = await readdir(folders.recordings)
      const sessions = names.flatMap((name) => /(s-[a-z2-9]{8})\.cast$/.exec(name)?.[1] ?? [])
      return ['latest', ...new Set(sessions.toReversed())]
    }
    case 'reviewers': {
      const { reviewerFiles } = await import('../identity/reviewer-files.ts')
      return (await reviewerFiles(folders.reviewers).list()).map(({ name }) => name)
    }
    case 'sessions':
      return fromBroker(folders, liveSessions)
  }
}

async function fromBroker(
  folders: StateFolders,
  look: (client: ControlClient) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if ((await readOptional(folders.brokerFile)) === undefined) return []
  const { connect } = await import('./link.ts')
  await using link = await connect(folders, folders.operatorTokenFile)
  return await look(link.client)
}

async function heldNow(client: ControlClient): Promise<readonly string[]> {
  return (await client.listHeld('pending')).map(({ id }) => id)
}

async function liveSessions(client: ControlClient): Promise<readonly string[]> {
  const { lookNow } = await import('./live.ts')
  return (await lookNow(client)).sessions.filter((one) => one.endedAt === undefined).map(({ id }) => id)
}

/** The value of an option on a line that is still being typed. */
function given(context: Context, line: readonly string[], name: string): string | undefined {
  const at = line.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`))
  const word = line[at]
  if (word === undefined) return undefined
  const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : line[at + 1]
  if (value === undefined || value === '') return undefined
  return value.startsWith('~/') ? join(context.environment.home, value.slice(2)) : resolve(value)
}
