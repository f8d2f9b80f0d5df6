import { Environment } from '@marcbachmann/cel-js'
import { costOf, isAffordable, sizesOf } from './cost.ts'

/** The same bounds as a condition of a rule has. */
const limits = { maxAstNodes: 1000, maxDepth: 64, maxListElements: 256, maxMapEntries: 64, maxCallArguments: 16 }

/** Gives the value of an expression. Throws when it has none for these variables, or would take too much work. */
export type Expression = (variables: Readonly<Record<string, unknown>>) => unknown

/**
 * Compiles a CEL expression (github.com/google/cel-spec) over JSON values under the names of `variables`; whole numbers
 * are int. Returns what is wrong with it in one sentence where it cannot be used.
 */
export function compileExpression(
  expression: string,
  variables: readonly string[],
): Expression | { readonly problem: string } {
  try {
    const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true, limits })
    for (const name of variables) environment.registerVariable(name, 'dyn')
    const parsed = environment.parse(expression)
    const cost = costOf(parsed.ast)
    if ('problem' in cost) return cost
    const check = parsed.check()
    if (!check.valid) return { problem: firstLine(check.error) }
    return (values) => {
      if (!isAffordable(cost, () => sizesOf(values))) throw new RangeError('it would take too much work')
      return fromCel(parsed(celValue(values) as Map<string, unknown>))
    }
  } catch (failure) {
    return { problem: firstLine(failure) }
  }
}

/** Objects become maps without inherited keys. */
function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, member]) => [key, celValue(member)]))
}

function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  return Array.isArray(value) ? value.map(fromCel) : value
}

function firstLine(failure: unknown): string {
  return String(failure instanceof Error ? failure.message : failure).split('\n', 1)[0] ?? ''
}
