import type { MaskPath, MaskSet } from './port.ts'

/** Says of an answer's bytes whether a masked value may be in them; false only when none can be, however it is read. */
export type MayHold = (bytes: Uint8Array) => boolean

/**
 * What makes bytes mean other text than they show: an escape in JSON (RFC 8259 section 7), a zero byte as in UTF-16, and
 * the two characters outside ASCII whose lower case is in it (U+212A, U+0130; patterns ignore case).
 */
const opaque = ['\\u', '\0', '\u00e2\u0084\u00aa', '\u00e4\u00b0'] as const
/** What begins a JSON object or array; anything else is left to the parser to refuse. */
const beginsJson = /^[ \t\r\n]*[{[]/
/** Cells of a table may quote what no key in it names. */
const table = '"table"'

/**
 * A look at the bytes before the answer is parsed: most answers hold none of the keys that the mask sets ask for, and
 * pass as they came. For answers about resources that no set names; those that are named are always read.
 */
export function makeMayHold(maskSets: readonly MaskSet[]): MayHold {
  const fields = maskSets.flatMap((set) => set.fields)
  const ways = fields.flatMap(({ resource, paths }) =>
    // Of a named resource any annotation may be masked, and the resource shows in the kind of the object.
    resource === '*' ? paths.map(needles) : kindsOf(resource).map((kind) => [`"${kind}`]),
  )
  return (bytes) => {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').toLowerCase()
    const has = (needle: string) => text.includes(needle)
    return !beginsJson.test(text) || opaque.some(has) || has(table) || ways.some((needed) => needed.every(has))
  }
}

/**
 * Text that must be there for the path to lead anywhere: only characters that JSON writes in one way. A key is quoted on
 * its left, also in JSON within a string.
 */
function needles(path: MaskPath): string[] {
  return path.flatMap((segment) => {
    const text = segment.toLowerCase()
    const runs = text.split(/[^a-z0-9._-]+/).filter((run) => run !== '')
    const begins = !segment.includes('*') && /^[a-z0-9._-]/.test(text)
    return runs.map((run, index) => (begins && index === 0 ? `"${run}` : run))
  })
}

/** Kinds, in lower case, whose plural is the resource: `secrets` ← secret; `policies` ← policy. */
function kindsOf(resource: string): string[] {
  const text = resource.toLowerCase()
  return [...new Set([text.replace(/s$/, ''), text.replace(/es$/, ''), text.replace(/ies$/, 'y')])]
}
