import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'
import type { CheckpointKey } from './checkpoint.ts'
import { anchorFile, headFile, publicKeyFile, syncFolder } from './segments.ts'

/** A folder of its own, outside the journal, that keeps the last checkpoint line too; absent = none does. */
export type AnchorFolder = string | undefined

/** Replaces the copies of the last checkpoint line, durably: all are on the disk before the first is put in place. */
export async function writeHead(folder: string, anchor: AnchorFolder, checkpointLine: string): Promise<void> {
  const folders = anchor === undefined ? [folder] : [anchor, folder]
  const paths = anchor === undefined ? [headPath(folder)] : [anchorPath(anchor), headPath(folder)]
  for (const path of paths) await stage(path, checkpointLine)
  for (const path of paths) await rename(staged(path), path)
  for (const one of folders) await syncFolder(one)
}

/** The last checkpoint line as kept beside the segments, newline included; undefined when there is none. */
export async function readHead(folder: string): Promise<Buffer | undefined> {
  return readIfThere(headPath(folder))
}

/** The same as kept in the anchor folder. */
export async function readAnchor(anchor: AnchorFolder): Promise<Buffer | undefined> {
  return anchor === undefined ? undefined : readIfThere(anchorPath(anchor))
}

export function anchorPath(anchor: string): string {
  return join(anchor, anchorFile)
}

function headPath(folder: string): string {
  return join(folder, headFile)
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
  await stage(path, content)
  await rename(staged(path), path)
}

async function stage(path: string, content: string): Promise<void> {
  await using file = await open(staged(path), 'w', 0o600)
  await file.writeFile(content)
  await file.sync()
}

function staged(path: string): string {
  return `${path}.new`
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw failure
  }
}
