/** Closed vocabulary: the same word in policy results, answers, the screen and the journal. */
export type ReasonCode =
  | 'rule-allows'
  | 'rule-holds'
  | 'rule-denies'
  | 'no-rule-matches'
  | 'rule-failed' // a condition could not be evaluated; the stricter reading was taken
  | 'unknown-obligation'
  | 'reveal-unreviewed' // a value is revealed only after a review by somebody else
  | 'limit-reached' // a rule lets only so much through
  | 'reason-missing' // a rule wants to be told why
  | 'watcher-missing' // a rule wants somebody to watch
  | 'hidden-write' // who writes what is hidden could tell by the answer whether it was guessed
  | 'not-authenticated'
  | 'session-ended'
  | 'malformed-request'
  | 'upgrade-not-supported'
  | 'review-approved'
  | 'review-denied'
  | 'confirmed'
  | 'withdrawn'
  | 'approval-expired'
  | 'still-held' // the caller's --wait elapsed; the request can be repeated
  | 'policy-changed' // what was approved is no longer allowed
  | 'too-many-streams' // the session already has as many watches and streams as one may have
  | 'mask-failed'
  | 'mask-token-in-write'
  | 'journal-failed'
  | 'over-quota'
  | 'upstream-failed'
  | 'client-gone'
  | 'internal'

export interface Reason {
  readonly code: ReasonCode
  /** `policy/rule`, when a rule spoke. */
  readonly rule?: string
  /** One sentence for people: why, and what to do. */
  readonly message: string
}

/** What enforcement must do with an allow. One it does not know, or cannot do, is a deny. */
export type Obligation = { readonly kind: 'mask'; readonly maskSet: string } | { readonly kind: 'record' }

/** Who may release a held request, and how. */
export type Requirement =
  | {
      readonly kind: 'review'
      /** Any of these may review: a group or a user name. */
      readonly reviewers: readonly ({ readonly group: string } | { readonly user: string })[]
      readonly count: number
      readonly expiresAfterMs: number
    }
  | { readonly kind: 'confirm'; readonly expiresAfterMs: number }

interface DecisionBase {
  readonly reasons: readonly Reason[]
  /** Obligations of every matching allow rule; a hold keeps them for its release. */
  readonly obligations: readonly Obligation[]
  /** SHA-256 (hex) of the compiled policy's source, so that a journal line names the policy that spoke. */
  readonly policyDigest: string
}
export interface Allow extends DecisionBase {
  readonly effect: 'allow'
}
export interface Hold extends DecisionBase {
  readonly effect: 'hold'
  readonly requirement: Requirement
}
export interface Deny extends DecisionBase {
  readonly effect: 'deny'
}
export type Decision = Allow | Hold | Deny
