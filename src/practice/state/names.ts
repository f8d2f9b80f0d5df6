import { randomBytes } from 'node:crypto'

/** Characters of generated names: no vowels, so no words (k8s.io/apimachinery pkg/util/rand). */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'

/** `length` random characters as Kubernetes appends to generated names. */
export function nameSuffix(length: number): string {
  return Array.from(randomBytes(length), (byte) => suffixLetters[byte % suffixLetters.length]).join('')
}
