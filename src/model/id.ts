const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'

/** `prefix-` and `length` characters that cannot be confused when read aloud; `random` gives that many bytes. */
export function shortId(prefix: string, length: number, random: (bytes: number) => Uint8Array): string {
  const letters = Array.from(random(length), (byte) => alphabet[byte % alphabet.length])
  return `${prefix}-${letters.join('')}`
}
