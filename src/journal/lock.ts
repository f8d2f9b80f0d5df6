import { createHash, randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'

const lockFile = 'writer.lock'
/** A round is lost when another process lets go in its midst. */
const maxRounds = 5
/** Locks of writers that died one after the other, none of which let go in good order. */
const maxDead = 10_000

/**
 * Makes this process the folder's only writer; a lock whose process is gone is taken over. Returns the release function.
 *
 * Nobody removes the lock of another, since it may be a fresh one by then: the lock of a dead writer has a successor, whose name
 * is made of what it holds, so that of many who take over exactly one makes it (link(2) is atomic). Whoever lets go removes
 * the dead ones, the first one first: who has made a successor of one looks whether they are all still there.
 *
 * @throws Fault ERR_JOURNAL when another living process writes, naming it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const mine = `${JSON.stringify({ pid: process.pid, started: await startTime(process.pid), id: uniqueName() })}\n`
  const candidate = join(folder, `.${uniqueName()}.lock`)
  await writeFile(candidate, mine, { mode: 0o600 })
  try {
    for (let round = 0; round < maxRounds; round++) {
      const { locks, owner } = await chainIn(folder)
      if (owner !== undefined) throw taken(folder, owner)
      const path = nextPath(folder, locks)
      if (!(await linked(candidate, path))) continue
      if (await areThere(locks)) return () => release([...locks, { path, content: mine }])
      await removeIf({ path, content: mine })
    }
  } finally {
    await rm(candidate, { force: true })
  }
  throw new Fault('ERR_JOURNAL', `The journal's lock in ${folder} changes hands all the time.`, {
    advice: 'Start again.',
  })
}

/** The process that writes the journal now, if any. */
export async function livingWriter(folder: string): Promise<number | undefined> {
  return (await chainIn(folder)).owner?.pid
}

interface Lock {
  readonly path: string
  readonly content: string
}

/** The locks of the dead, each the successor of the one before, and the living owner of the one after them. */
async function chainIn(folder: string): Promise<{ readonly locks: readonly Lock[]; readonly owner?: Owner }> {
  const locks: Lock[] = []
  while (locks.length < maxDead) {
    const path = nextPath(folder, locks)
    const content = await readIfThere(path)
    if (content === undefined) break
    const owner = parseOwner(content)
    if (owner !== undefined && (await isAlive(owner))) return { locks, owner }
    locks.push({ path, content })
  }
  return { locks }
}

/** Of the content and the place in the chain alone: one folder may have many paths. */
function nextPath(folder: string, locks: readonly Lock[]): string {
  const last = locks.at(-1)
  if (last === undefined) return join(folder, lockFile)
  const name = createHash('sha256').update(`${locks.length} ${last.content}`).digest('hex').slice(0, 32)
  return join(folder, `${lockFile}.${name}`)
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

async function areThere(locks: readonly Lock[]): Promise<boolean> {
  for (const { path, content } of locks) if ((await readIfThere(path)) !== content) return false
  return true
}

/** The first one first: from then on another process may write, and this one does no more. */
async function release(locks: readonly Lock[]): Promise<void> {
  for (const lock of locks) await removeIf(lock)
}

async function removeIf({ path, content }: Lock): Promise<void> {
  if ((await readIfThere(path)) === content) await rm(path, { force: true })
}

function taken(folder: string, owner: Owner): Fault {
  return new Fault('ERR_JOURNAL', `Process ${owner.pid} already writes the journal in ${folder}.`, {
    advice: 'End that broker first, or choose another state folder with --state DIR.',
  })
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
