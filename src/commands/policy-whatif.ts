import { searchJournal } from '../journal/reader.ts'
import { annotation } from '../model/audit.ts'
import type { Policy } from '../policy/parse.ts'
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
}

export interface WhatIf {
  readonly requests: number
  readonly changes: readonly Change[]
}

/** Puts every decided request of a journal to another policy. Bodies are not in the journal: see {@link rememberedInput}. */
export async function whatIf(journal: string, policy: Policy, since: string | undefined): Promise<WhatIf> {
  const seen = new Set<string>()
  const changes = new Map<string, Change>()
  for await (const event of searchJournal(journal, since === undefined ? {} : { since })) {
    const before = event.annotations[annotation.decision]
    if (before === undefined || seen.has(event.auditID)) continue
    const input = rememberedInput(event)
    if (input === undefined) continue
    seen.add(event.auditID)
    const { effect: after, reasons } = policy.decide(input)
    if (after === before) continue
    const command = event.annotations[annotation.command] ?? `${event.verb} ${event.requestURI}`
    const user = event.user.username
    const key = JSON.stringify([command, user, before, after])
    const rules = reasons.map(({ rule, code }) => rule ?? code)
    const times = (changes.get(key)?.times ?? 0) + 1
    changes.set(key, { command, user, before, after, rules, times, latest: event.auditID })
  }
  return { requests: seen.size, changes: [...changes.values()] }
}
