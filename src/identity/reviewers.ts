import { Fault } from '../model/fault.ts'
import type { Subject } from '../model/subject.ts'
import { newToken, sameHash, tokenHash } from './tokens.ts'

/** One reviewer as kept: never the token itself. */
export interface ReviewerRecord {
  readonly name: string
  readonly groups: readonly string[]
  readonly tokenHash: string
  /** RFC 3339. */
  readonly createdAt: string
}

/** Where reviewers are kept; reads see every earlier write, also by another process. */
export interface ReviewerStore {
  list(): Promise<readonly ReviewerRecord[]>
  put(record: ReviewerRecord): Promise<void>
  remove(name: string): Promise<boolean>
}

/** A name that is safe as a file's name and in one line of text. Throws ERR_USAGE. */
export function assertReviewerName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9@._-]{0,62}$/.test(name)) return
  throw new Fault('ERR_USAGE', `${JSON.stringify(name)} is not a reviewer's name.`, {
    advice: 'Use 1 to 63 letters, digits, @, dot, dash or underscore.',
  })
}

/** Makes a reviewer and returns the token, which exists nowhere else. Replaces an earlier token of the same name. */
export async function addReviewer(
  store: ReviewerStore,
  reviewer: { readonly name: string; readonly groups: readonly string[] },
  now: Date,
): Promise<string> {
  assertReviewerName(reviewer.name)
  const token = newToken()
  await store.put({ ...reviewer, tokenHash: tokenHash(token), createdAt: now.toISOString() })
  return token
}

/** The reviewer this token belongs to, or undefined. */
export async function findReviewer(store: ReviewerStore, token: string): Promise<Subject | undefined> {
  const hash = tokenHash(token)
  const found = (await store.list()).find((record) => sameHash(record.tokenHash, hash))
  if (found === undefined) return undefined
  return {
    name: found.name,
    uid: `reviewer:${found.name}`,
    groups: found.groups,
    extra: {},
    authenticatedBy: 'reviewer-token',
  }
}
