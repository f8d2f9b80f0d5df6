import type { Obligation, Requirement } from '../model/decision.ts'
import type { Condition } from './condition.ts'

export type Selector = { readonly group: string } | { readonly user: string }

/** What a rule matches; a missing list matches everything. `*` in any list does too. */
export interface Match {
  readonly verbs: readonly string[]
  readonly effects: readonly string[] | undefined
  readonly scope:
    | {
        readonly kind: 'resource'
        readonly apiGroups: readonly string[]
        readonly resources: readonly string[]
        readonly namespaces: readonly string[] | undefined
        readonly names: readonly string[] | undefined
      }
    | { readonly kind: 'non-resource'; readonly urls: readonly string[] }
}

interface RuleBase {
  /** `policy/rule`, unique in a policy. */
  readonly id: string
  readonly subjects: readonly Selector[]
  readonly match: Match
  readonly condition: Condition | undefined
  readonly message: string
  readonly obligations: readonly Obligation[]
  /** What must be there besides, for the rule to let anything through or wait. */
  readonly requires: readonly Prerequisite[]
  readonly limit: Limit | undefined
}

/** How much a rule lets through, whatever other rules allow. */
export interface Limit {
  readonly rate: { readonly requests: number; readonly perMs: number; readonly by: 'subject' | 'session' } | undefined
  /** Objects that one deletion of a collection may take. */
  readonly objects: number | undefined
  /** What is over it waits so; undefined = it is denied. */
  readonly requirement: Requirement | undefined
}

/** `reason` = the session says why; `watcher` = a reviewer other than the caller looks on. */
export type Prerequisite = 'reason' | 'watcher'
export type Rule = RuleBase &
  ({ readonly effect: 'allow' | 'deny' } | { readonly effect: 'hold'; readonly requirement: Requirement })
