import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unpackTools } from '../../scripts/unpack-kubectl.ts'

const run = promisify(execFile)
const folder = fileURLToPath(new URL('.', import.meta.url))
const packages = join(folder, 'node_modules/@aws-cdk')

/** Minor versions of Kubernetes 1 whose kubectl and helm are tried. */
export const minors = [28, 29, 30, 31, 32, 33, 34, 35] as const

/** One kubectl and the helm that came with it. */
export interface Client {
  readonly minor: number
  readonly kubectl: string
  readonly helm: string
}

/** Installs the clients as the lockfile beside this file pins them, once, and unpacks those asked for. */
export async function clients(wanted: readonly number[] = minors): Promise<readonly Client[]> {
  await install()
  return Promise.all(wanted.map(unpacked))
}

/** The program of the MCP server for Kubernetes that npm carries. */
export async function mcpServer(): Promise<string> {
  await install()
  return join(folder, 'node_modules/kubernetes-mcp-server-linux-amd64/bin/kubernetes-mcp-server-linux-amd64')
}

async function install(): Promise<void> {
  const stamp = join(folder, 'node_modules/.installed-lockfile')
  const digest = createHash('sha256')
    .update(await readFile(join(folder, 'package-lock.json')))
    .digest('hex')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder })
  await writeFile(stamp, digest)
}

async function unpacked(minor: number): Promise<Client> {
  const target = join(folder, 'node_modules/.unpacked', String(minor))
  await unpackTools(join(packages, `lambda-layer-kubectl-v${minor}/lib/layer.zip`), target)
  return { minor, kubectl: join(target, 'kubectl'), helm: join(target, 'helm') }
}
