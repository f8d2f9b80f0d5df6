import { Fault } from '../model/fault.ts'
import { assertName, groupsOf } from './names.ts'
import type { Authenticators } from './port.ts'

/** Asks the cluster; undefined when it knows nobody with that token. */
export type ReviewToken = (token: string) => Promise<
  | {
      readonly username: string
      readonly uid: string
      readonly groups: readonly string[]
      readonly extra: Readonly<Record<string, readonly string[]>>
    }
  | undefined
>

/** Groups that the API server adds by itself; they say nothing that the user's name does not. */
const automatic = /^system:(authenticated|serviceaccounts(:.*)?)$/

/** Verifies service account tokens by asking the cluster. Names must be listed, as for every other issuer. */
export function makeTokenReview(review: ReviewToken, reservedNames: readonly string[]): Authenticators {
  return {
    verify: async (token) => {
      const user = await review(token)
      if (user === undefined) {
        throw new Fault('ERR_UNAUTHENTICATED', 'The cluster does not know this token, or it is for another audience.')
      }
      assertName('user', user.username, reservedNames)
      const groups = user.groups.filter((group) => !automatic.test(group))
      return {
        name: user.username,
        uid: user.uid,
        groups: groupsOf(groups, '', reservedNames),
        extra: user.extra,
        authenticatedBy: 'token-review',
      }
    },
  }
}

/** Tokens of issuers that `jwt` knows go there, all others to the cluster. */
export function eitherOf(
  jwt: Authenticators & { knows(token: string): boolean },
  review: Authenticators,
): Authenticators {
  return { verify: (token) => (jwt.knows(token) ? jwt.verify(token) : review.verify(token)) }
}
