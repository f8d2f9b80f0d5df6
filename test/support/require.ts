import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Path of a program the test runs. A missing one fails the test and says what to install: a skipped story proves nothing. */
export function requireProgram(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    if (isExecutable(path)) return path
  }
  throw new Error(`This test runs ${name}, which is not on PATH. Install it: apt-get install ${name}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
