/** True when `*` in the pattern stands for any characters of `text`; patterns with `*` ignore case, others do not. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text
  const parts = pattern.toLowerCase().split('*')
  const subject = text.toLowerCase()
  const [first = '', ...rest] = parts
  const last = rest.pop() ?? ''
  if (!subject.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = subject.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return subject.length - last.length >= at && subject.endsWith(last)
}
