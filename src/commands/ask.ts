import { createInterface } from 'node:readline/promises'
import type { Context } from './command.ts'

/** True when there is a person to ask: questions go to stderr, because stdout is for data. */
export function canAsk(context: Context): boolean {
  return context.stdin.isTTY && context.stderr.isTTY
}

/** Asks once; Enter gives the capital letter, Ctrl-C and Ctrl-D mean no. */
export async function ask(context: Context, question: string, standard: 'yes' | 'no'): Promise<boolean> {
  const face = createInterface({ input: context.stdin, output: context.stderr, terminal: true })
  try {
    const left = Promise.withResolvers<undefined>()
    face.once('close', () => left.resolve(undefined))
    const choices = standard === 'yes' ? '[Y/n]' : '[y/N]'
    const answer = await Promise.race([face.question(`${question} ${choices} `), left.promise])
    if (answer === undefined) {
      context.stderr.write('\n')
      return false
    }
    const word = answer.trim().toLowerCase()
    if (word === '') return standard === 'yes'
    return word === 'y' || word === 'yes'
  } finally {
    face.close()
  }
}
