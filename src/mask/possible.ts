import type { MaskPath, MaskSet } from './port.ts'

/** What an object's own keys say, so that a look can tell what is left for objects inside it. */
export interface OwnKeys {
  /** It names a kind. */
  readonly kind: boolean
  /** That kind is of a resource that some set names. */
  readonly isNamed: boolean
  /** How many of the objects that own it name their kind, and hold nothing but texts and numbers. */
  readonly plainOwners: () => number
  /** It has `metadata.annotations`. */
  readonly annotations: () => boolean
}

/** Looks at bytes before they are read; each false is certain, however the bytes are read. */
export interface Look {
  /** Whether a value that a mask hides may be in an object of a resource that no set names. */
  mayHold(bytes: Buffer): boolean
  /** Whether an object inside this one may name a kind of its own and hold a value that is hidden for that. */
  mayHoldInside(bytes: Buffer, own: OwnKeys): boolean
}

/**
 * What makes bytes mean other text than they show: an escape in JSON (RFC 8259 section 7), but for those that Go writes
 * for `<`, `>`, `&` and line separators; a zero byte as in UTF-16; and the two characters outside ASCII whose lower case
 * is in it (U+212A, U+0130; patterns ignore case).
 */
const opaque = /\\u(?!003[ce]|0026|202[89])|\0|\u00e2\u0084\u00aa|\u00e4\u00b0/
const unicodeEscape = Buffer.from('\\u')
const kindKey = Buffer.from('kind')
const quote = 0x22
/** Bytes after `"kind` in which its value is looked for; names of kinds are shorter, and so is white space. */
const MAX_KIND_BYTES = 512
const annotationsKey = Buffer.from('"annotations')
/** Cells of a table may quote what no key in it names. */
const table = '"table"'
/** What it holds is hidden whole when it cannot be read, whatever that is. */
const lastApplied = 'last-applied-configuration'

/**
 * A look at bytes before they are read: most hold none of the keys that the mask sets ask for, and pass as they came.
 */
export function makeLook(maskSets: readonly MaskSet[]): Look {
  const fields = maskSets.flatMap((set) => set.fields)
  const ofAll = fields.filter(({ resource }) => resource === '*').flatMap(({ paths }) => paths)
  const ways = [...ofAll.map(needles), ...(ofAll.length > 0 ? [[lastApplied]] : [])]
  const outside = ofAll.filter(([first, second]) => first !== 'metadata' || second !== 'annotations').map(needles)
  const namedKind = namedKinds(fields.map(({ resource }) => resource))
  // Then nothing is hidden in objects that hold no others.
  const isDeep = fields.every(({ paths }) => paths.every(({ length }) => length > 1))
  const isHeldBy = (text: string, paths: readonly (readonly string[])[]) =>
    paths.some((needed) => needed.every((needle) => text.includes(needle)))
  return {
    mayHold(bytes) {
      const text = bytes.toString('latin1').toLowerCase()
      if (opaque.test(text) || text.includes(table)) return true
      return isHeldBy(text, ways) || (namedKind !== undefined && text.search(namedKind) !== -1)
    },
    mayHoldInside(bytes, own) {
      if (bytes.includes(unicodeEscape) && opaque.test(bytes.toString('latin1'))) return true
      const kinds = kindsIn(bytes)
      const ownKinds = own.kind ? 1 : 0
      if (kinds.length <= ownKinds || (isDeep && kinds.length <= ownKinds + own.plainOwners())) return false
      const text = bytes.toString('latin1').toLowerCase()
      if (opaque.test(text) || isHeldBy(text, outside)) return true
      if (namedKind !== undefined && countNamed(bytes, kinds, namedKind) > (own.isNamed ? 1 : 0)) return true
      return ofAll.length > 0 && countOf(bytes, annotationsKey) > (own.annotations() ? 1 : 0)
    },
  }
}

/** How often a kind is named that `named` knows; one that is further off than it ever is counts as such. */
function countNamed(bytes: Buffer, kinds: readonly number[], named: RegExp): number {
  let count = 0
  for (const at of kinds) {
    const text = bytes.toString('latin1', at, at + MAX_KIND_BYTES).toLowerCase()
    const isFar = text.length === MAX_KIND_BYTES && /^"kind[\s\\nrt":]*$/.test(text)
    if (isFar || text.search(named) === 0) count++
  }
  return count
}

/** Where keys begin that begin with `kind`. The search is for the letter k, which is rarer than the quote before it. */
function kindsIn(bytes: Buffer): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(kindKey); at !== -1; at = bytes.indexOf(kindKey, at + kindKey.length)) {
    if (bytes[at - 1] === quote) found.push(at - 1)
  }
  return found
}

function countOf(bytes: Buffer, needle: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + needle.length)) count++
  return count
}

/** `"kind": "Secret"` in lower case, also in JSON within a string, where quotes have backslashes before them. */
function namedKinds(resources: readonly string[]): RegExp | undefined {
  const kinds = [...new Set(resources.filter((resource) => resource !== '*').flatMap(kindsOf))]
  if (kinds.length === 0) return undefined
  const words = kinds.map((kind) => kind.replace(/[^a-z0-9]/g, (char) => `\\${char}`)).join('|')
  return new RegExp(`"kind\\\\*"(?:\\s|\\\\+[nrt])*:(?:\\s|\\\\+[nrt])*\\\\*"(?:${words})\\\\*"`)
}

/**
 * Text that must be there for the path to lead anywhere: only characters that JSON writes in one way. A key is quoted on
 * its left, also in JSON within a string.
 */
function needles(path: MaskPath): string[] {
  return path.flatMap((segment) => {
    // An element of an array has no key in the text.
    if (/^[\d*]+$/.test(segment)) return []
    const text = segment.toLowerCase()
    const runs = text.split(/[^a-z0-9._-]+/).filter((run) => run !== '')
    const begins = !segment.includes('*') && /^[a-z0-9._-]/.test(text)
    return runs.map((run, index) => (begins && index === 0 ? `"${run}` : run))
  })
}

/** Kinds, in lower case, that can be of the resource (`MaskedFields.refOf`): `secrets` ← secret; `policies` ← policy. */
function kindsOf(resource: string): string[] {
  const text = resource.toLowerCase()
  return [...new Set([text, text.replace(/s$/, ''), text.replace(/es$/, ''), text.replace(/ies$/, 'y')])]
}
