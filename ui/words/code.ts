/** Lower case only and nothing that reads like something else: no i, l, o, 0, 1. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

/** Characters of a verdict code: enough that no stray or repeated key gives a verdict, few enough to type each time. */
export const codeLength = 2

/**
 * The characters a person copies from the screen to give a verdict. They differ from each other, so that a key held
 * down never is one. `random` gives that many bytes.
 */
export function verdictCode(random: (bytes: number) => Uint8Array): string {
  const [first = 0, second = 0] = random(codeLength)
  const at = first % alphabet.length
  const step = 1 + (second % (alphabet.length - 1))
  return `${alphabet[at]}${alphabet[(at + step) % alphabet.length]}`
}
