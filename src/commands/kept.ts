import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { StateFolders } from '../config/state.ts'
import { Fault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import { readOptional } from './files.ts'
import { parseReady } from './ready.ts'

export const keptFile = 'keeper.json'

/** What a keeper says of itself: when it is ready, and in its session's folder. */
export interface Kept {
  readonly kind: 'Keeper'
  readonly pid: number
  readonly session: Session
  readonly command: readonly string[]
}

/** The line for which a keeper waits before it opens its shell: what is known only once the broker was found. */
export const goSchema = z.strictObject({
  cols: z.number().int(),
  rows: z.number().int(),
  practice: z.boolean(),
})
export type Go = z.infer<typeof goSchema>

const keptSchema = z.looseObject({
  kind: z.literal('Keeper'),
  pid: z.number().int(),
  session: z.looseObject({ id: z.string(), startedAt: z.string() }),
  command: z.array(z.string()),
})

export const keptSocket = (folder: string): string => join(folder, 'keeper.sock')

/** A shell that a keeper of the state folder holds. */
export interface KeptShell extends Kept {
  readonly socket: string
}

/** The shells that keepers of the state folder hold, the latest first. */
async function keptShells(folders: StateFolders): Promise<readonly KeptShell[]> {
  const sessions = join(folders.run, 'sessions')
  const names = await readdir(sessions).catch(() => [])
  const shells = await Promise.all(names.map((name) => keptShell(join(sessions, name))))
  return shells
    .filter((shell) => shell !== undefined)
    .toSorted((a, b) => b.session.startedAt.localeCompare(a.session.startedAt))
}

/** The kept shell of that session, or the latest. Throws ERR_NOT_FOUND. */
export async function findKept(folders: StateFolders, asked: string): Promise<KeptShell> {
  const shells = await keptShells(folders)
  const found = asked === 'latest' ? shells[0] : shells.find(({ session }) => session.id === asked)
  if (found !== undefined) return found
  const there = shells.map(({ session }) => session.id).join(', ')
  throw new Fault('ERR_NOT_FOUND', asked === 'latest' ? 'No shell is kept here.' : `No shell ${asked} is kept here.`, {
    advice: there === '' ? 'Open one with `chaperone shell`.' : `There is: ${there}.`,
  })
}

/** Throws ERR_STATE for what no keeper of this version says. */
export function parseKept(value: unknown): Kept {
  const { session, ...rest } = parseReady(keptSchema, value, 'The keeper of the shell')
  return { ...rest, session: session as unknown as Session }
}

async function keptShell(folder: string): Promise<KeptShell | undefined> {
  const text = await readOptional(join(folder, keptFile))
  if (text === undefined) return undefined
  const kept = readKept(text)
  const socket = keptSocket(folder)
  return kept !== undefined && (await isKeeper(kept.pid)) ? { ...kept, socket } : undefined
}

/** Undefined for what a keeper has not finished writing, or another version wrote: other shells can still be found. */
function readKept(text: string): Kept | undefined {
  try {
    return parseKept(JSON.parse(text))
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof Fault) return undefined
    throw thrown
  }
}

/** The number of a keeper that is gone may be another process's by now: where the system tells, its words decide. */
async function isKeeper(pid: number): Promise<boolean> {
  const words = await readOptional(`/proc/${pid}/cmdline`)
  if (words !== undefined) return words.includes('__keeper')
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux'
  } catch {
    return false
  }
}
