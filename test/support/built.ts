import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Vitest's global set-up for stories that run the built program: builds `dist/` when a source is newer than it. */
export async function setup(): Promise<void> {
  await promisify(execFile)(fileURLToPath(new URL('../../scripts/setup', import.meta.url)), ['build'])
}
