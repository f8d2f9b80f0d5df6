import { lstatSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { homedir, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Keeps what V8 has compiled for the next start: of the 700 ms to a first prompt it saves 250. In a folder of our own,
 * for Node.js runs what it finds there; without one (no home, someone else's folder) everything is compiled as ever.
 */
export function keepCompiledCode(): void {
  const root = process.env['XDG_CACHE_HOME'] ?? ''
  const folder = join(isAbsolute(root) ? root : join(homedir(), '.cache'), 'chaperone', 'compiled')
  if (isOursAlone(folder)) module.enableCompileCache(folder)
}

/** Makes the folder where there is none. */
export function isOursAlone(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return [folder, join(folder, '..')].every((path) => {
      const found = lstatSync(path)
      return found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o022) === 0
    })
  } catch {
    return false // Read-only or full: a cache is a convenience.
  }
}
