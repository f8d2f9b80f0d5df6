import type { Obligation, Reason } from '../model/decision.ts'
import { ConditionVariables } from './condition.ts'
import { callerOf, overLimit, type Over } from './limit.ts'
import { conditionOf, factsOf, mismatch, type Facts } from './match.ts'
import type { AsksOldObject, CountsObjects, Decide, DecisionInput, Spend } from './port.ts'
import { combine } from './requirement.ts'
import { indexRules } from './rule-index.ts'
import type { Prerequisite, Rule } from './rule.ts'

type HoldRule = Extract<Rule, { effect: 'hold' }>

interface Voice<R extends Rule = Rule> {
  readonly rule: R
  readonly failed: boolean
}

/** What the rules say to one request. */
interface Voices {
  readonly denies: readonly Voice[]
  readonly holds: readonly Voice<HoldRule>[]
  readonly allows: readonly Voice[]
  /** Rules that would hold it, and what they want besides. */
  readonly unmetHolds: readonly Reason[]
  /** Rules whose limit it is over. */
  readonly overs: readonly Over[]
  /** Rules that would allow it, and what they want besides. */
  readonly unmetAllows: readonly Reason[]
  readonly obligations: readonly Obligation[]
}

/**
 * `decide` over compiled rules: every matching rule speaks, the strictest effect wins, obligations add up, and when no
 * rule speaks the answer is deny. The obligations of an allow count wherever it may touch the request, even where it is
 * too narrow to allow it.
 */
export function makeDecide(rules: readonly Rule[], policyDigest: string): Decide {
  const candidates = indexRules(rules)
  return (input) => {
    const { denies, holds, allows, unmetHolds, unmetAllows, overs, obligations } = listen(candidates(input), input)
    const base = (reasons: readonly Reason[], duties = obligations) => ({ reasons, obligations: duties, policyDigest })
    if (denies.length > 0) return { effect: 'deny', ...base(denies.map(reasonOf), []) }
    const overDenies = overs.filter(({ requirement }) => requirement === undefined)
    if (overDenies.length > 0)
      return {
        effect: 'deny',
        ...base(
          overDenies.map(({ reason }) => reason),
          [],
        ),
      }
    if (unmetHolds.length > 0) return { effect: 'deny', ...base(unmetHolds, []) }
    const overHolds = overs.flatMap(({ reason, requirement }) => (requirement ? [{ reason, requirement }] : []))
    const held = [
      ...holds.map((voice) => ({ reason: reasonOf(voice), requirement: voice.rule.requirement })),
      ...overHolds,
    ]
    const [first, ...others] = held
    if (first !== undefined) {
      const requirement = combine([first.requirement, ...others.map((one) => one.requirement)])
      return { effect: 'hold', ...base([...held.map(({ reason }) => reason), ...allows.map(reasonOf)]), requirement }
    }
    if (allows.length > 0) return { effect: 'allow', ...base(allows.map(reasonOf)) }
    return { effect: 'deny', ...base(unmetAllows.length > 0 ? unmetAllows : [noRule(input)], []) }
  }
}

/** Which rules may speak is known before their conditions are. */
export function makeAsksOldObject(rules: readonly Rule[]): AsksOldObject {
  const asking = rules.filter(({ condition }) => condition?.asksOldObject === true)
  return (input) => {
    const { request } = input
    if (asking.length === 0 || request.kind !== 'resource' || request.name === '') return false
    if (!storedVerbs.has(request.verb)) return false
    const facts = factsOf(input, new ConditionVariables(input))
    return asking.some((rule) => mismatch(rule, facts, 'intersects') === undefined)
  }
}

/** Rules that limit how much one deletion of a collection takes. */
export function makeCountsObjects(rules: readonly Rule[]): CountsObjects {
  const counting = rules.filter(({ limit }) => limit?.objects !== undefined)
  return (input) => {
    if (counting.length === 0 || input.request.verb !== 'deletecollection') return undefined
    const facts = factsOf(input, new ConditionVariables(input))
    const limits = counting.filter((rule) => mismatch(rule, facts, 'intersects') === undefined)
    if (limits.length === 0) return undefined
    return Math.max(...limits.map(({ limit }) => limit?.objects ?? 0)) + 1
  }
}

/** Rules that limit how often something is done. */
export function makeSpend(rules: readonly Rule[]): Spend {
  const rated = rules.filter(({ limit }) => limit?.rate !== undefined)
  return (input, usage) => {
    const { now } = input
    if (rated.length === 0 || now === undefined) return
    const facts = factsOf(input, new ConditionVariables(input))
    for (const rule of rated) {
      const rate = rule.limit?.rate
      if (rate === undefined || mismatch(rule, facts, 'intersects') !== undefined) continue
      if (conditionOf(rule, facts) !== 'false') usage.note(rule.id, callerOf(rate, input), rate.requests, now.getTime())
    }
  }
}

const storedVerbs: ReadonlySet<string> = new Set(['update', 'patch', 'delete'])

/** Rules are heard in the order of their names, whatever file they stand in. */
function listen(rules: Iterable<Rule>, input: DecisionInput): Voices {
  const facts = factsOf(input, new ConditionVariables(input))
  const matching: Rule[] = []
  for (const rule of rules) if (mismatch(rule, facts, 'intersects') === undefined) matching.push(rule)
  matching.sort((a, b) => (a.id < b.id ? -1 : 1))
  const denies: Voice[] = []
  const holds: Voice<HoldRule>[] = []
  const allows: Voice[] = []
  const unmetHolds: Reason[] = []
  const unmetAllows: Reason[] = []
  const overs: Over[] = []
  const obligations = new Map<string, Obligation>()
  for (const rule of matching) {
    const condition = conditionOf(rule, facts)
    if (condition === 'false') continue
    for (const obligation of rule.obligations) obligations.set(JSON.stringify(obligation), obligation)
    const failed = condition === 'failed'
    const over = overLimit(rule, input)
    if (over !== undefined) overs.push(over)
    const missing = missingFor(rule, input)
    if (rule.effect === 'deny') denies.push({ rule, failed })
    else if (rule.effect === 'hold') {
      holds.push({ rule, failed })
      if (missing !== undefined) unmetHolds.push(unmetReason(rule, missing))
    } else if (!failed && mayAllow(rule, facts)) {
      if (missing === undefined) allows.push({ rule, failed })
      else unmetAllows.push(unmetReason(rule, missing))
    }
  }
  return { denies, holds, allows, unmetHolds, unmetAllows, overs, obligations: [...obligations.values()] }
}

/** What a rule wants besides, and the request does not have. */
export function missingFor(rule: Rule, input: DecisionInput): Prerequisite | undefined {
  return rule.requires.find((one) => !isMet(one, input))
}

function isMet(wanted: Prerequisite, { session, isWatched = false }: DecisionInput): boolean {
  return wanted === 'reason' ? (session.reason ?? '').trim() !== '' : isWatched
}

const unmetWays = {
  reason: {
    code: 'reason-missing',
    way: 'It wants to be told why: begin the session with --reason TEXT.',
  },
  watcher: {
    code: 'watcher-missing',
    way: 'It wants a reviewer to look on: ask one to keep `chaperone review` open, and try again.',
  },
} as const

export function unmetReason(rule: Rule, missing: Prerequisite): Reason {
  const { code, way } = unmetWays[missing]
  return { code, rule: rule.id, message: `${rule.message} (${way})` }
}

/** A method that RequestInfo has no verb for is never allowed, not even by `*`. */
function mayAllow(rule: Rule, facts: Facts): boolean {
  return facts.request.verb !== '' && mismatch(rule, facts, 'covers') === undefined
}

const codes = { allow: 'rule-allows', hold: 'rule-holds', deny: 'rule-denies' } as const

function reasonOf({ rule, failed }: Voice): Reason {
  if (!failed) return { code: codes[rule.effect], rule: rule.id, message: rule.message }
  return {
    code: 'rule-failed',
    rule: rule.id,
    message: `${rule.message} (The rule's condition could not be evaluated for this request, so the rule applies.)`,
  }
}

function noRule({ subject, request }: DecisionInput): Reason {
  const what = request.kind === 'non-resource' ? request.path : resourceText(request)
  return {
    code: 'no-rule-matches',
    message: `No rule of the policy allows ${subject.name} to ${request.verb === '' ? 'use this method on' : request.verb} ${what}.`,
  }
}

function resourceText(request: DecisionInput['request'] & { kind: 'resource' }): string {
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`
  const group = request.apiGroup === '' ? '' : `.${request.apiGroup}`
  return `${resource}${group}${request.namespace === '' ? '' : ` in namespace ${request.namespace}`}`
}
