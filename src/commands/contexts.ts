import { readFile } from 'node:fs/promises'
import { fileProblem } from '../config/file-problem.ts'
import { parseKubeconfig, type Kubeconfig, type UserEntry } from '../kube/kubeconfig-file.ts'
import { Fault } from '../model/fault.ts'

/** What kubeconfig files hold, without connecting to anything. */
export interface Contexts {
  /** The files that exist, in the order of KUBECONFIG. */
  readonly files: readonly Kubeconfig[]
  /** Names of all contexts, each once. */
  readonly names: readonly string[]
  /** `current-context`, empty when no file sets it. */
  readonly current: string
}

/** Reads kubeconfig files; those that do not exist are left out. Throws ERR_KUBECONFIG for one that cannot be read. */
export async function readContexts(paths: readonly string[]): Promise<Contexts> {
  const files: Kubeconfig[] = []
  for (const path of paths) {
    const text = await readIfThere(path)
    if (text !== undefined) files.push(parseKubeconfig(text, path))
  }
  return {
    files,
    names: [...new Set(files.flatMap(({ contexts }) => contexts.map(({ name }) => name)))],
    current: files.find(({ currentContext }) => currentContext !== '')?.currentContext ?? '',
  }
}

/** Who a context signs in as, for people: `ana, by client certificate`. Names and kinds only, never a value. */
export function describeUser({ files }: Contexts, context: string): string {
  const entry = files.flatMap(({ contexts }) => contexts).find(({ name }) => name === context)
  const name = entry?.value.user ?? ''
  const user = files.flatMap(({ users }) => users).find((candidate) => candidate.name === name)
  if (user === undefined) return 'nobody'
  return `${name}, by ${credentialKind(user.value)}`
}

/** The kubeconfig file that names the context. */
export function fileOf({ files }: Contexts, context: string): string {
  return files.find(({ contexts }) => contexts.some(({ name }) => name === context))?.path ?? ''
}

function credentialKind(user: UserEntry): string {
  if (user.exec !== undefined) return `the program ${user.exec.command}`
  if (user['client-certificate'] !== '' || user['client-certificate-data'] !== '') return 'client certificate'
  if (user.tokenFile !== '') return 'token file'
  if (user.token !== '') return 'token'
  return 'no credential'
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Fault('ERR_KUBECONFIG', `The kubeconfig ${path} cannot be read: ${fileProblem(cause)}.`, {
      advice: 'Check that it is a file you may read.',
      cause,
    })
  }
}
