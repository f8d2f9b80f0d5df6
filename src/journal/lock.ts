import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'

const lockFile = 'writer.lock'
/** Two starters may meet over one stale lock; each further round means that yet another one came. */
const maxRounds = 5

/**
 * Makes this process the folder's only writer; a lock whose process is gone is taken over. Returns the release function.
 *
 * @throws Fault ERR_JOURNAL when another living process writes, naming it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, lockFile)
  const mine = `${JSON.stringify({ pid: process.pid, started: await startTime(process.pid), id: uniqueName() })}\n`
  const candidate = join(folder, `.${uniqueName()}.lock`)
  await writeFile(candidate, mine, { mode: 0o600 })
  try {
    for (let round = 0; round < maxRounds; round++) {
      if (await linked(candidate, path)) return async () => release(path, mine)
      await removeIfStale(folder, path)
    }
  } finally {
    await rm(candidate, { force: true })
  }
  throw new Fault('ERR_JOURNAL', `The journal's lock ${path} changes hands all the time.`, { advice: 'Start again.' })
}

/** The process that writes the journal now, if any. */
export async function livingWriter(folder: string): Promise<number | undefined> {
  const owner = parseOwner(await readIfThere(join(folder, lockFile)))
  return owner !== undefined && (await isAlive(owner)) ? owner.pid : undefined
}

async function linked(candidate: string, path: string): Promise<boolean> {
  try {
    await link(candidate, path)
    return true
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw failure
  }
}

/** Moves a stale lock aside first, so that of two takers only one can remove it, and never a fresh one. */
async function removeIfStale(folder: string, path: string): Promise<void> {
  const content = await readIfThere(path)
  if (content === undefined) return
  const owner = parseOwner(content)
  if (owner !== undefined && (await isAlive(owner))) {
    throw new Fault('ERR_JOURNAL', `Process ${owner.pid} already writes the journal in ${folder}.`, {
      advice: 'End that broker first, or choose another state folder with --state DIR.',
    })
  }
  const aside = join(folder, `.${uniqueName()}.stale`)
  try {
    await rename(path, aside)
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return
    throw failure
  }
  if ((await readIfThere(aside)) !== content) await linked(aside, path)
  await rm(aside, { force: true })
}

async function release(path: string, mine: string): Promise<void> {
  if ((await readIfThere(path)) === mine) await rm(path, { force: true })
}

interface Owner {
  readonly pid: number
  /** Kernel start time of the process, empty where unknown: a recycled process number is not the writer. */
  readonly started: string
}

function parseOwner(content: string | undefined): Owner | undefined {
  const match = /^\{"pid":(\d{1,10}),"started":"(\d*)",/.exec(content ?? '')
  return match === null ? undefined : { pid: Number(match[1]), started: match[2] ?? '' }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0)
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const { state, threads, started: now } = await processFacts(owner.pid)
  if (state === 'X' || (state === 'Z' && threads <= 1)) return false
  return now === '' || owner.started === '' || now === owner.started
}

async function startTime(pid: number): Promise<string> {
  return (await processFacts(pid)).started
}

/**
 * State, threads and start time, fields 3, 20 and 22 of proc_pid_stat(5); empty on systems without /proc. A process in
 * state Z is dead, though its parent has not asked for its exit status yet; while another of its threads still runs, that
 * one may still write.
 */
async function processFacts(pid: number): Promise<{ state: string; threads: number; started: string }> {
  const stat = await readIfThere(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return { state: fields[0] ?? '', threads: Number(fields[17] ?? 0), started: fields[19] ?? '' }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (failure) {
    if (['ENOENT', 'ESRCH'].includes((failure as NodeJS.ErrnoException).code ?? '')) return undefined
    throw failure
  }
}

function uniqueName(): string {
  return randomBytes(9).toString('base64url')
}
