import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'
import type { CheckpointKey } from './checkpoint.ts'
import { headFile, publicKeyFile, syncFolder } from './segments.ts'

/** Replaces the folder's copy of its last checkpoint line, durably. */
export async function writeHead(folder: string, checkpointLine: string): Promise<void> {
  await replaceFile(join(folder, headFile), checkpointLine)
  await syncFolder(folder)
}

/** The last checkpoint line as kept beside the segments, newline included; undefined when there is none. */
export async function readHead(folder: string): Promise<Buffer | undefined> {
  return readIfThere(join(folder, headFile))
}

/** Adds the public key to those that the folder names, so that a copy of the folder can be verified elsewhere. */
export async function publishKey(folder: string, key: CheckpointKey): Promise<void> {
  const known = await publishedKeys(folder)
  if (known.has(key.keyID)) return
  const pems = [...known.values(), key.publicKey].map((one) => one.export({ type: 'spki', format: 'pem' }))
  await replaceFile(join(folder, publicKeyFile), pems.join(''))
}

/** The folder's own public keys by key ID: they show slips, not a forger who replaced them too. Throws ERR_JOURNAL. */
export async function publishedKeys(folder: string): Promise<Map<string, KeyObject>> {
  const text = (await readIfThere(join(folder, publicKeyFile)))?.toString('utf8') ?? ''
  const pems = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----\n/g) ?? []
  try {
    return keysByID(pems.map((pem) => createPublicKey(pem)))
  } catch (cause) {
    throw new Fault('ERR_JOURNAL', `${publicKeyFile} in ${folder} holds something else than public keys.`, {
      advice: 'Verify with the key from the trust folder, and restore the file.',
      cause,
    })
  }
}

export function keysByID(keys: readonly KeyObject[]): Map<string, KeyObject> {
  return new Map(keys.map((key) => [hash('sha256', key.export({ type: 'spki', format: 'der' }), 'hex'), key]))
}

async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`
  {
    await using file = await open(temporary, 'w', 0o600)
    await file.writeFile(content)
    await file.sync()
  }
  await rename(temporary, path)
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw failure
  }
}
