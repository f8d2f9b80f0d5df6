import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../model/fault.ts'

/** How often a lock is looked at that another process holds. */
const LOOK_MS = 50
/** Longer than two calls of a provider may take. */
const PATIENCE_MS = 45_000

/**
 * Runs `work` while no other process of this machine does so under the same path. The lock of a process that is gone is taken
 * over. Rejects with ERR_STATE when the lock is not to be had in 45 seconds.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mine = `${process.pid} ${randomBytes(9).toString('base64url')}\n`
  await take(path, mine)
  try {
    return await work()
  } finally {
    if ((await readIfThere(path)) === mine) await rm(path, { force: true })
  }
}

async function take(path: string, mine: string): Promise<void> {
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
      if (await linked(candidate, path)) return
      await removeIfStale(path)
      await pause(LOOK_MS)
    }
  } finally {
    await rm(candidate, { force: true })
  }
  throw new Fault('ERR_STATE', `Another process holds ${path} all the time.`, {
    advice: 'Try again; when no `chaperone` runs, remove that file.',
  })
}

/** Moves a stale lock aside first, so that of two takers only one can remove it, and never a fresh one. */
async function removeIfStale(path: string): Promise<void> {
  const content = await readIfThere(path)
  if (content === undefined || isAlive(Number.parseInt(content, 10))) return
  const aside = `${path}.${randomBytes(9).toString('base64url')}`
  try {
    await rename(path, aside)
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return
    throw failure
  }
  if ((await readIfThere(aside)) !== content) await linked(aside, path)
  await rm(aside, { force: true })
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
