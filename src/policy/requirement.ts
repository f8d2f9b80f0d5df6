import type { Requirement } from '../model/decision.ts'
import type { Selector } from './rule.ts'

type Review = Extract<Requirement, { kind: 'review' }>

/**
 * One requirement that satisfies every hold that spoke. A review outweighs a confirmation. Several reviews become one:
 * the highest count, the shortest expiry, and only reviewers whom every rule names. When no reviewer is named by all
 * of them, the one with the highest count stands (the first in the given order among equals). The caller gives holds
 * in an order that does not depend on files.
 */
export function combine(requirements: readonly [Requirement, ...Requirement[]]): Requirement {
  const expiresAfterMs = Math.min(...requirements.map((one) => one.expiresAfterMs))
  const reviews = requirements.filter((one) => one.kind === 'review')
  const [first, ...others] = reviews
  if (first === undefined) return { kind: 'confirm', expiresAfterMs }
  const strictest = others.reduce((best, one) => (one.count > best.count ? one : best), first)
  const common = others.reduce<readonly Selector[]>((named, one) => intersect(named, one.reviewers), first.reviewers)
  const reviewers: Review['reviewers'] = common.length > 0 ? common : strictest.reviewers
  return { kind: 'review', reviewers, count: strictest.count, expiresAfterMs }
}

function intersect(a: readonly Selector[], b: readonly Selector[]): readonly Selector[] {
  return [...a.filter((one) => b.some((other) => within(one, other))), ...b.filter((one) => isNew(one, a))]

  function isNew(one: Selector, others: readonly Selector[]): boolean {
    return others.some((other) => within(one, other)) && !others.some((other) => key(one) === key(other))
  }
}

/** True when everyone whom `one` selects is selected by `other` too, as far as the names tell. */
function within(one: Selector, other: Selector): boolean {
  return (
    key(one) === key(other) ||
    ('group' in other && other.group === '*') ||
    (isUser(one) && isUser(other) && other.user === '*')
  )
}

function isUser(selector: Selector): selector is { readonly user: string } {
  return 'user' in selector
}

function key(selector: Selector): string {
  return isUser(selector) ? `user:${selector.user}` : `group:${selector.group}`
}
