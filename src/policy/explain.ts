import { ConditionVariables } from './condition.ts'
import { missingFor, unmetReason } from './decide.ts'
import { overLimit } from './limit.ts'
import { conditionOf, factsOf, mismatch, type Facts, type Mismatch } from './match.ts'
import type { DecisionInput } from './port.ts'
import type { Rule } from './rule.ts'

/** What one rule had to say to a request, or why it was silent. */
export interface RuleExplanation {
  readonly rule: string
  readonly effect: Rule['effect']
  readonly speaks: boolean
  /** One sentence. */
  readonly because: string
}

const silences: Readonly<Record<Exclude<Mismatch, 'verbs'>, string>> = {
  subjects: 'It is about other subjects.',
  effects: 'It is about requests with another effect.',
  apiGroups: 'It is about another API group.',
  resources: 'It does not name the resource.',
  namespaces: 'It is about other namespaces.',
  names: 'It is about objects with other names.',
  nonResourceURLs: 'It does not name the path.',
  when: 'Its condition is not true for the request.',
}

function silenceOf(outside: Mismatch, { verbs, request }: Facts): string {
  if (outside !== 'verbs') return silences[outside]
  const all = verbs.join(' and ')
  const isPlain = verbs.length === 1 && verbs[0] === request.verb
  return isPlain ? `It does not name the verb ${all}.` : `It does not name ${all}, which this ${request.verb} takes.`
}

/** Every rule of the policy and why it speaks or is silent, in the policy's order. */
export function explain(policy: { readonly rules: readonly Rule[] }, input: DecisionInput): readonly RuleExplanation[] {
  const facts = factsOf(input, new ConditionVariables(input))
  return policy.rules.map((rule) => {
    const told = (speaks: boolean, because: string): RuleExplanation => ({
      rule: rule.id,
      effect: rule.effect,
      speaks,
      because,
    })
    const outside = mismatch(rule, facts, 'intersects')
    if (outside !== undefined) return told(false, silenceOf(outside, facts))
    const condition = conditionOf(rule, facts)
    if (condition === 'false') return told(false, silences.when)
    const over = overLimit(rule, input)
    if (over !== undefined) return told(true, over.reason.message)
    const missing = missingFor(rule, input)
    if (rule.effect !== 'allow') {
      if (missing !== undefined) return told(true, unmetReason(rule, missing).message)
      return told(true, condition === 'failed' ? 'Its condition could not be evaluated, so it applies.' : rule.message)
    }
    if (condition === 'failed') return told(false, 'Its condition could not be evaluated, so it does not allow.')
    if (facts.request.verb === '') return told(false, 'No rule allows a method that Kubernetes has no verb for.')
    const partly = mismatch(rule, facts, 'covers')
    if (partly === undefined) {
      return missing === undefined ? told(true, rule.message) : told(false, unmetReason(rule, missing).message)
    }
    return told(false, `It covers only a part of the request: ${silenceOf(partly, facts)}`)
  })
}

/** Rules that could speak otherwise to the same request if more were known of it: what is in its body, or whether somebody looked on. */
export function openRules(policy: { readonly rules: readonly Rule[] }, input: DecisionInput): readonly string[] {
  const facts = factsOf(input, new ConditionVariables(input))
  return policy.rules
    .filter((rule) => mismatch(rule, facts, 'intersects') === undefined)
    .filter((rule) => conditionOf(rule, facts) === 'failed' || missingFor(rule, input) === 'watcher')
    .map(({ id }) => id)
}
