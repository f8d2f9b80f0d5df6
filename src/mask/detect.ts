import type { DetectorName } from '../model/detector.ts'
import { TOKEN_PREFIX } from './token.ts'

/**
 * Finds secrets in free text by how they look: best effort, against accidents. Each pattern is bounded, so that no text
 * takes long, and its group `secret` is what is hidden; what is around it stays readable.
 */
const patterns = {
  'aws-access-key':
    /(?<secret>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)|aws_?secret_?access_?key["']?[ \t]{0,8}[=:][ \t]{0,8}["']?(?<more>[A-Za-z0-9/+]{40})/gi,
  'private-key':
    /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?<secret>(?:(?!-----END)[^]){1,65536})/g,
  jwt: /\b(?<secret>eyJ[\w-]{8,1024}\.eyJ[\w-]{8,16384}\.[\w-]{0,4096})/g,
  'bearer-token': /\bbearer[ \t]{1,8}(?<secret>[A-Za-z0-9._~+/-]{16,8192}={0,2})/gi,
  // With a slash in it, a number at its beginning is a port, and the @ a part of what follows.
  'connection-string':
    /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:@/"']{0,256}:(?<secret>[^\s@/"']{1,1024}|(?!\d{1,5}[,/?#])[^\s@"']{1,256})@/gi,
} as const satisfies Record<DetectorName, RegExp>

/** What each finding has in it: without any of these words there is none. */
const words = /A[KS]IA|secret|PRIVATE KEY|eyJ|bearer|:\/\//i

/** A finding of an earlier detector; what holds one and more is hidden whole. */
const isToken = new RegExp(`^${TOKEN_PREFIX}[0-9a-f]{32}$`)

export function mayHoldSecret(text: string): boolean {
  return words.test(text)
}

/** The text with each secret replaced by what `token` makes of it; the very text when there is none. */
export function concealSecrets(
  text: string,
  names: readonly DetectorName[],
  token: (secret: string) => string,
): string {
  if (!mayHoldSecret(text)) return text
  let shown = text
  for (const name of names) {
    shown = shown.replace(patterns[name], (found: string, ...rest: unknown[]) => {
      const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>
      const secret = groups['secret'] ?? groups['more'] ?? ''
      if (secret === '' || isToken.test(secret)) return found
      const at = found.lastIndexOf(secret)
      return found.slice(0, at) + token(secret) + found.slice(at + secret.length)
    })
  }
  return shown
}
