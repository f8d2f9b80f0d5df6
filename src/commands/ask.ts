import { createInterface } from 'node:readline/promises'
import type { Context } from './command.ts'

/** True when there is a person to ask: questions go to stderr, because stdout is for data. */
export function canAsk(context: Context): boolean {
  return context.stdin.isTTY && context.stderr.isTTY
}

/** Asks once; Enter gives the capital letter, Ctrl-C and Ctrl-D mean no. */
export async function ask(context: Context, words: string, standard: 'yes' | 'no'): Promise<boolean> {
  const word = (await question(context, `${words} ${standard === 'yes' ? '[Y/n]' : '[y/N]'} `))?.toLowerCase()
  if (word === undefined) return false
  if (word === '') return standard === 'yes'
  return word === 'y' || word === 'yes'
}

/** One line without the blanks around it; undefined after Ctrl-C and Ctrl-D. */
export async function question(context: Context, words: string): Promise<string | undefined> {
  const face = createInterface({ input: context.stdin, output: context.stderr, terminal: true })
  try {
    const left = Promise.withResolvers<undefined>()
    face.once('close', () => left.resolve(undefined))
    const answer = await Promise.race([face.question(words), left.promise])
    if (answer === undefined) context.stderr.write('\n')
    return answer?.trim()
  } finally {
    face.close()
  }
}
