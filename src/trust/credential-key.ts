import { generateKeyPairSync, hash, sign, verify } from 'node:crypto'

/** Signs the credentials that a broker gives out, and knows them again. */
export interface CredentialKey {
  /** SHA-256 (hex) of the public key's SubjectPublicKeyInfo. */
  readonly keyID: string
  sign(data: string): Uint8Array
  verify(data: string, signature: Uint8Array): boolean
}

/** A new Ed25519 key (RFC 8032) in memory: no credential outlives the broker that gave it, and no file holds the key. */
export function newCredentialKey(): CredentialKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    keyID: hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex'),
    sign: (data) => sign(null, Buffer.from(data), privateKey),
    verify: (data, signature) => verify(null, Buffer.from(data), publicKey, signature),
  }
}
