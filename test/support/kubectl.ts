import { join } from 'node:path'
import { bundledTools, unpackBundledTools } from '../../scripts/unpack-kubectl.ts'

let unpacked: Promise<void> | undefined

/** Path of the kubectl that the lockfile pins, so that a test means the same on every machine. */
export async function kubectlPath(): Promise<string> {
  await (unpacked ??= unpackBundledTools())
  return join(bundledTools, 'kubectl')
}

/** Path of the helm that comes with it. */
export async function helmPath(): Promise<string> {
  await (unpacked ??= unpackBundledTools())
  return join(bundledTools, 'helm')
}
