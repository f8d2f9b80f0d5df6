import type { ASTNode } from '@marcbachmann/cel-js'

/** What bounds the work of one condition before it runs. */
export interface Cost {
  /** How deep all, exists, map and their like stand in each other. */
  readonly depth: number
  readonly nodes: number
  /** `+` inside them: each may double what it works on. */
  readonly sums: number
  /** Elements of the longest list or map that is written out. */
  readonly literal: number
  readonly splits: boolean
  /** It looks at the object as it is stored. */
  readonly asksOldObject: boolean
  /** A text of n characters takes up to n to this power steps in a regular expression. */
  readonly regexPower: number
}

/** The sizes that a condition meets in one request. */
export interface Sizes {
  /** Elements of the longest list or map. */
  readonly longest: number
  /** Characters of the longest text. */
  readonly text: number
}

const comprehensions: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter'])
const maxDepth = 3
const maxRegexPower = 3
/** Steps of one evaluation: well under a second. */
const maxSteps = 2_000_000
/** Steps of a regular expression, each a few nanoseconds. */
const maxRegexSteps = 100_000_000

/** The bounds of an expression, or why it has none. Takes the tree before it is checked. */
export function costOf(ast: ASTNode): Cost | { readonly problem: string } {
  const found = { depth: 0, nodes: 0, sums: 0, literal: 1, splits: false, asksOldObject: false, regexPower: 0 }
  const problem = walk(ast, 0, found)
  if (problem !== undefined) return { problem }
  if (found.depth > maxDepth)
    return { problem: `all, exists, map and filter stand more than ${maxDepth} deep in each other` }
  return found
}

/** False when the condition could take too long for such a request: then it has no value. */
export function isAffordable(cost: Cost, sizes: () => Sizes): boolean {
  if (cost.depth === 0 && cost.regexPower < 2) return true
  const { longest, text } = sizes()
  const widest = Math.max(longest, cost.literal, cost.splits ? text : 0)
  const steps = widest ** cost.depth * cost.nodes * 2 ** cost.sums
  const regexSteps = cost.regexPower < 2 ? 0 : text ** cost.regexPower * widest ** cost.depth
  return steps <= maxSteps && regexSteps <= maxRegexSteps
}

/** The sizes of any value, at every depth. */
export function sizesOf(value: unknown): Sizes {
  let longest = 1
  let text = 1
  const rest: unknown[] = [value]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next === 'string') text = Math.max(text, next.length)
    if (typeof next !== 'object' || next === null) continue
    const members: unknown[] = Array.isArray(next) ? next : Object.entries(next).flat()
    longest = Math.max(longest, members.length)
    for (const member of members) if (member !== undefined) rest.push(member)
  }
  return { longest, text }
}

type Found = { -readonly [K in keyof Cost]: Cost[K] }

function walk(part: unknown, depth: number, found: Found): string | undefined {
  if (Array.isArray(part)) return firstOf(part.map((one) => walk(one, depth, found)))
  if (!isNode(part)) return undefined
  const { op, args } = part
  found.nodes++
  found.depth = Math.max(found.depth, depth)
  if (op === 'list' || op === 'map') found.literal = Math.max(found.literal, args.length)
  if (op === '+' && depth > 0) found.sums++
  if (op === 'id' && args === 'oldObject') found.asksOldObject = true
  if (op !== 'rcall') return walk(args, depth, found)
  const [name, receiver, given] = args
  if (name === 'bind') return 'bind is not part of the conditions'
  if (name === 'split') found.splits = true
  if (name === 'matches') {
    const power = regexPower(given[0])
    if (typeof power === 'string') return power
    found.regexPower = Math.max(found.regexPower, power)
  }
  const inner = comprehensions.has(name) ? depth + 1 : depth
  return walk(receiver, depth, found) ?? walk(given, inner, found)
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part
}

function firstOf(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined)
}

/**
 * How fast the work of a pattern may grow with the text: JavaScript's engine backtracks. Each repetition may begin anywhere
 * the one before lets it, so it counts one; a pattern that is not tied to the beginning counts one more.
 */
function regexPower(pattern: ASTNode | undefined): number | string {
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') return 'matches takes a pattern that is written out'
  const plain = pattern.args.replace(/\\./gs, 'x').replace(/\[\^?\]?[^\]]*\]/g, 'x')
  if (/\)[*+?{]/.test(plain) || /\\[1-9k]/.test(pattern.args)) {
    return 'a pattern for matches repeats no group and refers back to none: such a pattern may never end'
  }
  const repetitions = plain.match(/[*+?]|\{\d/g)?.length ?? 0
  const power = plain.startsWith('^') && !plain.includes('|') ? repetitions : repetitions + 1
  return power > maxRegexPower
    ? `a pattern for matches repeats at most ${maxRegexPower} things, the search for its beginning counted`
    : power
}
