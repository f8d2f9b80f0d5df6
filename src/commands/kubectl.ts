import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
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

/** Why a program cannot be run, by PATH as a shell looks for it, or undefined when it can. */
export async function programProblem(name: string, path: string): Promise<'missing' | 'not-executable' | undefined> {
  const places = name.includes('/')
    ? [name]
    : path.split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, name)]))
  for (const place of places) if ((await isFile(place)) && (await isExecutable(place))) return undefined
  for (const place of places) if (await isFile(place)) return 'not-executable'
  return 'missing'
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
