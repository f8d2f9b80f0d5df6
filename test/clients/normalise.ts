/** What differs from run to run, and what stands in its place. Order counts: longer things first. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000/g, '<time>'],
  [/(resourceVersion"?: ?)"?\d+"?/g, '$1<version>'],
  [/\b([a-z][a-z0-9-]*?)-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1-<hash>-<id>'],
  [/\b([a-z][a-z0-9-]*?)-(?=[a-z0-9]*\d)[bcdfghjklmnpqrstvwxz2456789]{8,10}\b/g, '$1-<hash>'],
  [/(pod-template-hash["']?[:=] ?"?)[a-z0-9]+/g, '$1<hash>'],
  [/\b(?:10|127|172|192)\.\d+\.\d+\.\d+(?::\d+)?\b/g, '<address>'],
  [/\b(\d+[smhdy]){1,2}\b(?: ago)?/g, '<age>'],
  [/\btea-(?:worker|control)-\d\b/g, '<node>'],
  [/ {2,}/g, '  '],
  [/[ \t]+$/gm, ''],
]

/** The output without what differs from run to run. */
export function normalised(text: string): string {
  return volatile.reduce((rest, [pattern, word]) => rest.replace(pattern, word), text)
}
