import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../config/environment.ts'
import { Fault } from '../model/fault.ts'

/** Where scripts/start unpacks the kubectl that comes with the installation. */
const bundledFolder = fileURLToPath(new URL('../../../node_modules/.cache/chaperone/bin', import.meta.url))

/** The kubectl a session uses: the user's own, else the one that came along. Throws ERR_ENVIRONMENT when neither is there. */
export async function findKubectl(environment: Environment): Promise<{ path: string; folder?: string }> {
  for (const folder of environment.path) {
    const path = join(folder, 'kubectl')
    if (await isExecutable(path)) return { path }
  }
  const bundled = join(bundledFolder, 'kubectl')
  if (await isExecutable(bundled)) return { path: bundled, folder: bundledFolder }
  throw new Fault('ERR_ENVIRONMENT', 'kubectl is not on the PATH, and none came with this installation.', {
    advice: 'Install kubectl, or start Chaperone with scripts/start, which brings one.',
  })
}

/** Full path of a program by PATH, or undefined. A name with a slash is taken as a path. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  if (name.includes('/')) return (await isExecutable(name)) ? name : undefined
  for (const folder of path.split(delimiter)) {
    if (folder !== '' && (await isExecutable(join(folder, name)))) return join(folder, name)
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
