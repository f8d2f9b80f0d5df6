import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { StateFolders } from '../config/state.ts'
import { Fault, toFault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import { isListening } from '../terminal/kept-pty.ts'
import { parseReady, parseReadyText } from './ready.ts'

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

/** Says one sentence to the person. */
type Warn = (sentence: string) => void

/** The shells that keepers of the state folder hold, the latest first; what cannot be read is said and passed over. */
async function keptShells(folders: StateFolders, warn: Warn): Promise<readonly KeptShell[]> {
  const sessions = join(folders.run, 'sessions')
  const names = await readdir(sessions).catch(() => [])
  const shells = await Promise.all(names.map((name) => keptShell(join(sessions, name), warn)))
  return shells
    .filter((shell) => shell !== undefined)
    .toSorted((a, b) => b.session.startedAt.localeCompare(a.session.startedAt))
}

/** The kept shell of that session, or the latest. Throws ERR_NOT_FOUND. */
export async function findKept(folders: StateFolders, asked: string, warn: Warn): Promise<KeptShell> {
  const shells = await keptShells(folders, warn)
  const found = asked === 'latest' ? shells[0] : shells.find(({ session }) => session.id === asked)
  if (found !== undefined) return found
  const there = shells.map(({ session }) => session.id).join(', ')
  throw new Fault('ERR_NOT_FOUND', asked === 'latest' ? 'No shell is kept here.' : `No shell ${asked} is kept here.`, {
    advice: there === '' ? 'Open one with `chaperone shell`.' : `There is: ${there}.`,
  })
}

/** Throws ERR_STATE for what no keeper of this version says. */
export function parseKept(value: unknown): Kept {
  return asKept(parseReady(keptSchema, value, keeperName))
}

const keeperName = 'The keeper of the shell'

function asKept({ session, ...rest }: z.infer<typeof keptSchema>): Kept {
  return { ...rest, session: session as unknown as Session }
}

/** Whether it lives is asked of its socket: by now its process id may be somebody else's. */
async function keptShell(folder: string, warn: Warn): Promise<KeptShell | undefined> {
  const socket = keptSocket(folder)
  if (!(await isListening(socket))) return undefined
  const path = join(folder, keptFile)
  try {
    return { ...asKept(parseReadyText(keptSchema, await readFile(path, 'utf8'), path)), socket }
  } catch (thrown) {
    warn(`passing over a kept shell: ${toFault(thrown).message}`)
    return undefined
  }
}
