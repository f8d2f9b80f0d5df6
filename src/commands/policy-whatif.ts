import { searchJournal } from '../journal/reader.ts'
import { annotation } from '../model/audit.ts'
import type { Policy } from '../policy/parse.ts'
import { openRules } from '../policy/explain.ts'
import { Usage } from '../policy/usage.ts'
import { rememberedInput } from './policy-explain.ts'

/** Requests of the past that the new policy would decide otherwise, those that look alike together. */
export interface Change {
  readonly command: string
  readonly user: string
  readonly before: string
  readonly after: string
  /** Rules that would decide now. */
  readonly rules: readonly string[]
  readonly times: number
  /** Audit ID of the latest one. */
  readonly latest: string
  /** Rules that depend on what the journal does not keep, as the body; none = this is certain. */
  readonly depends: readonly string[]
}

export interface WhatIf {
  readonly requests: number
  readonly changes: readonly Change[]
}

/**
 * Puts every decided request of a journal to another policy, in the order and at the time they came, so that limits count as they
 * would have. Bodies are not in the journal: what depends on them is said.
 */
export async function whatIf(journal: string, policy: Policy, since: string | undefined): Promise<WhatIf> {
  const seen = new Set<string>()
  const changes = new Map<string, Change>()
  const usage = new Usage()
  for await (const event of searchJournal(journal, since === undefined ? {} : { since })) {
    const before = event.annotations[annotation.decision]
    if (before === undefined || seen.has(event.auditID)) continue
    const input = rememberedInput(event)
    if (input === undefined) continue
    seen.add(event.auditID)
    const { effect: after, reasons } = policy.decide({ ...input, usage })
    if (after !== 'deny') policy.spend(input, usage)
    if (after === before) continue
    const isWrite = event.verb === 'update' || event.verb === 'patch'
    // Over a hidden value it waits, whatever the rules say.
    const depends = [
      ...openRules(policy, input),
      ...(before === 'hold' && after === 'allow' && isWrite ? ['hidden-write'] : []),
    ]
    const command = event.annotations[annotation.command] ?? `${event.verb} ${event.requestURI}`
    const user = event.user.username
    const key = JSON.stringify([command, user, before, after, depends])
    const rules = reasons.map(({ rule, code }) => rule ?? code)
    const times = (changes.get(key)?.times ?? 0) + 1
    changes.set(key, { command, user, before, after, rules, times, latest: event.auditID, depends })
  }
  return { requests: seen.size, changes: [...changes.values()] }
}
