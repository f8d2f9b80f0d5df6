import type { Rule, Selector } from './rule.ts'
import { isWithin } from './within.ts'

/** Something that is no error, and probably not what was meant. */
export interface Finding {
  /** `policy/rule`. */
  readonly rule: string
  readonly kind: 'contradictory' | 'shadowed' | 'no-reviewer' | 'no-request'
  /** One sentence. */
  readonly message: string
}

/** Who may review, as far as it is known. */
export interface KnownReviewer {
  readonly name: string
  readonly groups: readonly string[]
}

/**
 * The API server asks these of its own rules (RBAC) while it handles a create, update or patch; no request has them.
 * `impersonate` is asked here, for --as.
 */
const unaskedVerbs: ReadonlySet<string> = new Set(['bind', 'escalate', 'approve', 'sign'])

/**
 * Rules that can never speak or never have the last word, and holds that nobody could release. `reviewers` undefined = not known here.
 * It compares rules two by two: 10,000 of them take seconds.
 */
export function lint(rules: readonly Rule[], reviewers: readonly KnownReviewer[] | undefined): readonly Finding[] {
  const certain = rules.filter(({ condition }) => condition === undefined)
  return rules.flatMap((rule, index) => {
    const other = certain.find((one) => one !== rule && overrules(one, rule, rules.indexOf(one) < index))
    const found = [...unasked(rule), ...(other === undefined ? [] : [overruled(rule, other)])]
    return reviewers === undefined ? found : [...found, ...missingReviewers(rule, reviewers)]
  })
}

/** A stricter rule over all of `rule` silences it; an equal one makes it superfluous. Of two equal ones the later is told. */
function overrules(one: Rule, rule: Rule, isEarlier: boolean): boolean {
  if (!isWithin(rule, one)) return false
  if (one.effect === 'deny') return rule.effect !== 'deny' || isEarlier || !isWithin(one, rule)
  if (one.effect !== rule.effect || rule.effect !== 'allow') return false
  const duties = new Set(one.obligations.map((duty) => JSON.stringify(duty)))
  const addsNothing = rule.obligations.every((duty) => duties.has(JSON.stringify(duty)))
  return addsNothing && (isEarlier || !isWithin(one, rule))
}

function overruled(rule: Rule, other: Rule): Finding {
  if (rule.effect === other.effect) {
    const message = `It changes nothing: ${other.id} says the same about all it matches.`
    return { rule: rule.id, kind: 'shadowed', message }
  }
  const what = rule.effect === 'allow' ? 'allows' : 'holds'
  const message = `It never ${what} anything: ${other.id} denies all it matches.`
  return { rule: rule.id, kind: 'contradictory', message }
}

function unasked({ id, match }: Rule): readonly Finding[] {
  if (!match.verbs.every((verb) => unaskedVerbs.has(verb))) return []
  const message = `It speaks to no request: none has the verb ${match.verbs.join(' or ')}; match create, update and patch, of bindings with bindsRole().`
  return [{ rule: id, kind: 'no-request', message }]
}

function missingReviewers(rule: Rule, known: readonly KnownReviewer[]): readonly Finding[] {
  if (rule.effect !== 'hold' || rule.requirement.kind === 'confirm') return []
  const { reviewers, count } = rule.requirement
  const able = known.filter((person) => reviewers.some((selector) => selects(selector, person)))
  if (able.length >= count) return []
  const named = reviewers.map((one) => ('group' in one ? `group ${one.group}` : one.user)).join(', ')
  const message = `It wants ${count === 1 ? 'a reviewer' : `${count} reviewers`} of ${named}, and there ${able.length === 1 ? 'is only 1' : `are ${able.length}`}: what it holds can only expire.`
  return [{ rule: rule.id, kind: 'no-reviewer', message }]
}

function selects(selector: Selector, { name, groups }: KnownReviewer): boolean {
  if ('group' in selector) return selector.group === '*' || groups.includes(selector.group)
  return selector.user === '*' || selector.user === name
}
