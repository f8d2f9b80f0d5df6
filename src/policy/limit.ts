import type { Reason, Requirement } from '../model/decision.ts'
import type { DecisionInput } from './port.ts'
import type { Limit, Rule } from './rule.ts'

/** What a rule says once its limit is reached: a reason to deny, or to hold with a requirement. */
export interface Over {
  readonly reason: Reason
  readonly requirement: Requirement | undefined
}

/** Undefined while the request stays within the rule's limit, or the rule has none. */
export function overLimit(rule: Rule, input: DecisionInput): Over | undefined {
  const { limit } = rule
  if (limit === undefined) return undefined
  const said = tooOften(rule.id, limit, input) ?? tooMany(limit, input)
  if (said === undefined) return undefined
  return {
    reason: { code: 'limit-reached', rule: rule.id, message: `${rule.message} (${said})` },
    requirement: limit.requirement,
  }
}

/** Whose requests count together. */
export function callerOf({ by }: NonNullable<Limit['rate']>, { subject, session }: DecisionInput): string {
  return by === 'session' ? session.id : subject.name
}

function tooOften(rule: string, { rate }: Limit, input: DecisionInput): string | undefined {
  if (rate === undefined || input.usage === undefined || input.now === undefined) return undefined
  const count = input.usage.count(rule, callerOf(rate, input), rate.perMs, input.now.getTime())
  if (count < rate.requests) return undefined
  const seconds = rate.perMs / 1000
  return `Its limit is reached: ${rate.requests} in ${seconds} seconds for each ${rate.by}.`
}

/** What could not be counted is too many. */
function tooMany({ objects }: Limit, { request, objects: found }: DecisionInput): string | undefined {
  if (objects === undefined || request.verb !== 'deletecollection') return undefined
  if (found !== undefined && found <= objects) return undefined
  const what =
    found === undefined ? 'How many objects it takes cannot be counted' : `It takes more than ${objects} objects`
  return `${what}: its limit is ${objects} at once.`
}
