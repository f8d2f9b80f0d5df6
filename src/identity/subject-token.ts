import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto'
import { decodeJwt, jwtVerify } from 'jose'
import { Fault } from '../model/fault.ts'
import type { Person, VerifyPerson } from './person.ts'
import type { ListedSubject, SubjectList } from './port.ts'

/** Of a token that its own subject signs: it has to be made anew all the time, so that a copy is soon worth nothing. */
const LIFETIME_SECONDS = 300
/** What is begun with one goes on this long: the broker itself watches the list, and ends what has no place in it any more. */
const SIGN_IN_SECONDS = 3600
/** Clocks of people and brokers differ by seconds. */
const SKEW_SECONDS = 30
const MAX_TOKEN = 4096
const issuer = 'chaperone:subjects'
const typ = 'chaperone-subject+jwt'
const login = 'Run `chaperone login --name NAME --key FILE`.'

/** A new key pair (Ed25519, RFC 8032): PKCS #8 in PEM, and Base64 of the SubjectPublicKeyInfo. */
export function newSubjectKey(): { readonly privatePem: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  }
}

/** Throws ERR_USAGE; `where` is only for the message. */
export function readSubjectKey(pem: string, where: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // The cause could quote the key.
  }
  throw new Fault('ERR_USAGE', `${where} holds no key that can be used.`, {
    advice: 'It takes an Ed25519 key in PEM without a passphrase, as `chaperone subject key FILE` makes it.',
  })
}

/** Base64 of the public half. */
export function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
}

/** A JSON Web Token by which a subject says who it is; `now` in milliseconds. */
export function subjectToken(
  who: { readonly name: string; readonly audience: string; readonly key: KeyObject },
  now: number,
  newID: () => string,
): string {
  const iat = Math.floor(now / 1000)
  const claims = { iss: issuer, aud: who.audience, sub: who.name, jti: newID(), iat, exp: iat + LIFETIME_SECONDS }
  const signed = `${encode({ alg: 'EdDSA', typ })}.${encode(claims)}`
  return `${signed}.${sign(null, Buffer.from(signed), who.key).toString('base64url')}`
}

/** Whether a token claims to be one of these, before anything of it is believed. */
export function isSubjectToken(token: string): boolean {
  try {
    return token.length <= MAX_TOKEN && decodeJwt(token).iss === issuer
  } catch {
    return false
  }
}

/**
 * Verifies the tokens of listed subjects, each by the key that the list has for it now. Rejects with ERR_UNAUTHENTICATED, and says
 * nothing of who is on the list.
 */
export function makeVerifySubject(list: () => SubjectList, now: () => number): VerifyPerson {
  const nobody = newSubjectKey().publicKey
  return async (token) => {
    const { audience, subjects } = list()
    try {
      if (!isSubjectToken(token)) throw new Error('not one of these')
      const { sub } = decodeJwt(token)
      const listed = subjects.find(({ name }) => name === sub)
      const key = publicKey(listed?.publicKey ?? nobody)
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['EdDSA'],
        typ,
        issuer,
        audience,
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(now()),
        maxTokenAge: LIFETIME_SECONDS,
        requiredClaims: ['exp', 'iat', 'jti'],
      })
      if (listed === undefined || typeof payload.aud !== 'string') throw new Error('nobody')
      return { subject: subjectOf(listed), until: ((payload.iat ?? 0) + SIGN_IN_SECONDS) * 1000 }
    } catch {
      throw new Fault(
        'ERR_UNAUTHENTICATED',
        'The subjects file lists nobody with this name and key, or the token is too old.',
        {
          advice: login,
        },
      )
    }
  }
}

/** Whoever gets the name of somebody else later has another uid. */
export function subjectOf({ name, groups, publicKey: key }: ListedSubject): Person['subject'] {
  return { name, uid: `key:${hash('sha256', key, 'hex').slice(0, 32)}`, groups, extra: {}, authenticatedBy: 'key' }
}

function publicKey(base64: string): KeyObject {
  return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
