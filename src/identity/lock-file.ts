import { createHash, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../model/fault.ts'

/** How often a lock is looked at that another process holds. */
const LOOK_MS = 50
/** Longer than two calls of a provider may take. */
const PATIENCE_MS = 45_000
/** Locks of processes that died one after the other, none of which let go. */
const MAX_DEAD = 1_000

interface Lock {
  readonly path: string
  readonly content: string
}

/**
 * Runs `work` while no other process of this machine does so under the same path. The lock of a process that is gone is taken
 * over: it has a successor, as the journal's has (journal/lock.ts). Rejects with ERR_STATE when the lock is not to be had in 45
 * seconds.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const held = await take(path, `${process.pid} ${randomBytes(9).toString('base64url')}\n`)
  try {
    return await work()
  } finally {
    // The first one first: from then on another process may work, and this one does no more.
    for (const lock of held) await removeIf(lock)
  }
}

async function take(path: string, mine: string): Promise<readonly Lock[]> {
  // Made whole before it has the name that counts, so that nobody reads a half.
  const candidate = `${path}.${randomBytes(9).toString('base64url')}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(candidate, mine, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new Fault('ERR_STATE', `${path} cannot be made (${code}).`, { advice: 'Choose another place.', cause })
  }
  try {
    for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
      const held = await tryOnce(path, candidate, mine)
      if (held !== undefined) return held
      await pause(LOOK_MS)
    }
  } finally {
    await rm(candidate, { force: true })
  }
  throw new Fault('ERR_STATE', `Another process holds ${path} all the time.`, {
    advice: 'Try again; when no `chaperone` runs, remove that file.',
  })
}

/** All locks from the first dead one to its own; undefined when somebody else holds it. */
async function tryOnce(path: string, candidate: string, mine: string): Promise<readonly Lock[] | undefined> {
  const dead: Lock[] = []
  for (let at = path; dead.length < MAX_DEAD; at = successor(path, dead)) {
    const content = await readIfThere(at)
    if (content !== undefined) {
      if (isAlive(Number.parseInt(content, 10))) return undefined
      dead.push({ path: at, content })
      continue
    }
    if (!(await linked(candidate, at))) return undefined
    const own = { path: at, content: mine }
    if (await areThere(dead)) return [...dead, own]
    await removeIf(own)
    return undefined
  }
  return undefined
}

function successor(path: string, dead: readonly Lock[]): string {
  const text = `${dead.length} ${dead.at(-1)?.content ?? ''}`
  return `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}

async function areThere(locks: readonly Lock[]): Promise<boolean> {
  for (const { path, content } of locks) if ((await readIfThere(path)) !== content) return false
  return true
}

async function removeIf({ path, content }: Lock): Promise<void> {
  if ((await readIfThere(path)) === content) await rm(path, { force: true })
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw failure
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw failure
  }
}
