import { basename, dirname } from 'node:path'

/** A Unix socket's path has 108 bytes with its end (unix(7)), on some systems 104. */
const maxBytes = 100

/** Calls `open` with a name of the socket that is short enough: one relative to its folder, where need be. */
export function byShortPath<T>(path: string, open: (short: string) => T): T {
  if (Buffer.byteLength(path) <= maxBytes) return open(path)
  const here = process.cwd()
  process.chdir(dirname(path))
  try {
    return open(basename(path))
  } finally {
    process.chdir(here)
  }
}
