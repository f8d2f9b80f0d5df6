import { ShellSyntaxError } from './syntax.ts'

const levels = [['||'], ['&&'], ['==', '!='], ['<=', '>=', '<', '>'], ['+', '-'], ['*', '/', '%']] as const

/** The value of an arithmetic expansion (POSIX.1-2017 Shell Command Language, section 2.6.4); names are variables. */
export function arithmetic(expression: string, variable: (name: string) => string): number {
  const all = expression.match(/\d+|[A-Za-z_]\w*|\$[A-Za-z_]\w*|\|\||&&|[=!<>]=|[-+*/%()<>!]|\S/g) ?? []
  let at = 0
  const primary = (): number => {
    const token = all[at++] ?? ''
    if (token === '(') {
      const value = level(0)
      if (all[at++] !== ')') throw new ShellSyntaxError('arithmetic syntax error')
      return value
    }
    if (token === '-') return -primary()
    if (token === '+') return primary()
    if (token === '!') return primary() === 0 ? 1 : 0
    if (/^\d+$/.test(token)) return Number(token)
    const name = token.replace(/^\$/, '')
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new ShellSyntaxError('arithmetic syntax error')
    return Number.parseInt(variable(name), 10) || 0
  }
  const level = (depth: number): number => {
    const operators: readonly string[] | undefined = levels[depth]
    if (operators === undefined) return primary()
    let value = level(depth + 1)
    for (let next = all[at]; next !== undefined && operators.includes(next); next = all[at]) {
      at += 1
      value = apply(next, value, level(depth + 1))
    }
    return value
  }
  const value = all.length === 0 ? 0 : level(0)
  if (at < all.length) throw new ShellSyntaxError('arithmetic syntax error')
  return value
}

function apply(operator: string, a: number, b: number): number {
  switch (operator) {
    case '||':
      return Number(a !== 0 || b !== 0)
    case '&&':
      return Number(a !== 0 && b !== 0)
    case '==':
      return Number(a === b)
    case '!=':
      return Number(a !== b)
    case '<=':
      return Number(a <= b)
    case '>=':
      return Number(a >= b)
    case '<':
      return Number(a < b)
    case '>':
      return Number(a > b)
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    default:
      if (b === 0) throw new ShellSyntaxError('divide by zero')
      return operator === '/' ? Math.trunc(a / b) : a % b
  }
}
