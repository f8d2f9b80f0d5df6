import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'
import { broken, createPrivateFile, readPrivateFile, replaceFile } from './private-files.ts'

const publicFile = 'journal-signing.pub'

/** The Ed25519 key that signs journal checkpoints. */
export interface SigningKey {
  /** SHA-256 (hex) of the public key's SubjectPublicKeyInfo, so that a signature names its key. */
  readonly keyID: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export async function openSigningKey(folder: string): Promise<SigningKey> {
  const path = join(folder, 'journal-signing.key')
  const found = (await readPrivateFile(path)) ?? (await createPrivateFile(path, Buffer.from(newPem())))
  const key = parse(path, found)
  const publicPem = key.publicKey.export({ type: 'spki', format: 'pem' })
  await replaceFile(join(folder, publicFile), Buffer.from(publicPem), 0o644)
  return key
}

/**
 * The public keys that journal checkpoints must be signed with; undefined where there is no trust folder, as beside a copy of
 * a journal. Throws ERR_STATE when the file is broken.
 */
export async function readJournalKeys(folder: string): Promise<readonly KeyObject[] | undefined> {
  const path = join(folder, publicFile)
  try {
    return [createPublicKey(await readFile(path))]
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Fault('ERR_STATE', `${path} holds no public key.`, {
      advice: 'Remove it: the next broker that starts writes it again.',
      cause,
    })
  }
}

function newPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function parse(path: string, pem: Buffer): SigningKey {
  try {
    const privateKey = createPrivateKey(pem)
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError(`found ${privateKey.asymmetricKeyType}`)
    const publicKey = createPublicKey(privateKey)
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    return { keyID: hash('sha256', spki, 'hex'), privateKey, publicKey }
  } catch (cause) {
    throw broken(path, 'it holds no Ed25519 private key', cause)
  }
}
