import { Fault } from '../model/fault.ts'
import type { CanonicalRequest, JsonValue } from '../model/request.ts'
import { MAX_JSON_DEPTH } from '../stream/json.ts'
import {
  anyAnnotationPath,
  isConditional,
  isObject,
  lastAppliedPath,
  type MaskedFields,
  type MaskedPath,
  type ResourceRef,
} from './fields.ts'
import { matchesGlob } from './glob.ts'
import type { MaskPath } from './port.ts'
import { carriesToken } from './token.ts'

/** JSON in a string, in JSON in a string: deeper than any client nests. */
const MAX_NESTED_JSON = 4

/** Levels of a body and of the JSON in its strings together; deeper ones would exhaust the stack of the search. */
const MAX_SEARCH_DEPTH = 2 * MAX_JSON_DEPTH

/**
 * Refuses a request body that brings a token back: stored, it would destroy the value it stands for. Looks into keys,
 * base64 (two layers) and JSON inside strings.
 *
 * @throws Fault ERR_MASK_WRITE that names the path.
 */
export function refuseTokens(body: JsonValue): void {
  const path = findToken(body, { path: 'body', nesting: 0, depth: 0 })
  if (path === undefined) return
  throw new Fault('ERR_MASK_WRITE', `The request carries a masked value back, at ${path}. Nothing was changed.`, {
    advice:
      'Leave the field out: change the other fields with kubectl patch, label or annotate, or write the real value from its own source.',
  })
}

/**
 * Refuses operations of a JSON patch (RFC 6902) that read a masked value: `test` answers guesses, `copy` and `move` put
 * the value where no mask looks. Where a value is hidden on conditions, a guess that does not meet them meets none that is
 * hidden; `hides` says whether an operation's own value would be.
 *
 * @throws Fault ERR_MASK_WRITE that names the operation.
 */
export function refusePatchReads(
  body: JsonValue,
  fields: MaskedFields,
  ref: ResourceRef,
  hides: (operation: JsonValue) => boolean,
): void {
  const paths = fields.pathsOf(ref)
  if (!Array.isArray(body) || paths.length === 0) return
  const always = paths.filter((path) => !isConditional(path)).map(({ segments }) => segments)
  const sometimes = paths.filter(isConditional).map(({ segments }) => segments)
  const masked = [...always, fields.isNamed(ref) ? anyAnnotationPath : lastAppliedPath]
  for (const [index, operation] of body.entries()) {
    if (!isObject(operation)) continue
    if (uncovers(operation, paths)) throw uncovering(index)
    const pointer = readPointer(operation)
    if (pointer === undefined) continue
    const isGuess = operation['op'] === 'test'
    const reads = sometimes.some(
      (path) => touches(path, pointer) && (!isGuess || pointer.length > path.length || hides(operation)),
    )
    if (!reads && !masked.some((path) => touches(path, pointer))) continue
    throw new Fault(
      'ERR_MASK_WRITE',
      `Operation ${index} of the JSON patch (${JSON.stringify(operation['op'])}) reads a masked value. Nothing was changed.`,
      {
        advice: 'Use add, replace or remove on such fields.',
      },
    )
  }
}

/**
 * True for a server-side apply that is not forced: it meets a conflict when the stored value differs from the one sent,
 * and none when they are equal (KEP-555), so that it answers guesses. Only the plain `force=true` counts as forced.
 */
export function isUnforcedApply(sent: Pick<CanonicalRequest, 'target' | 'contentType'>): boolean {
  if (!isApply(sent.contentType)) return false
  const forces = new URLSearchParams(sent.target.split('?').slice(1).join('?')).getAll('force')
  return forces.length !== 1 || forces[0] !== 'true'
}

/** True of a server-side apply. */
export function isApply(contentType: string): boolean {
  return contentType.toLowerCase().startsWith('application/apply-patch')
}

export function unforcedApply(): Fault {
  return new Fault(
    'ERR_MASK_WRITE',
    'A server-side apply of masked fields would tell by its conflicts what they hold. Nothing was changed.',
    { advice: 'Use kubectl apply --server-side --force-conflicts, or kubectl apply without --server-side.' },
  )
}

/**
 * True for an operation that changes the name by which a value is hidden, or a word of a list in which one word hides the next:
 * the value itself would stay, and be shown. A value may be written, a whole variable or list too, and words may be appended.
 */
function uncovers(operation: { readonly [key: string]: JsonValue }, paths: readonly MaskedPath[]): boolean {
  const { op, path } = operation
  if (typeof path !== 'string' || !(op === 'add' || op === 'replace' || op === 'remove')) return false
  const pointer = pointerSegments(path)
  return paths.some(({ segments, names }) => {
    const key = pointer[segments.length]
    if (names === undefined || key === undefined || !touches(segments, pointer.slice(0, segments.length))) return false
    return key === 'name' || (/^\d+$/.test(key) && pointer.length === segments.length + 1)
  })
}

function uncovering(index: number): Fault {
  return new Fault(
    'ERR_MASK_WRITE',
    `Operation ${index} of the JSON patch changes by what name a masked value is hidden. Nothing was changed.`,
    { advice: 'Write the whole variable, or the whole list of arguments.' },
  )
}

/** The segments of a JSON pointer (RFC 6901); the empty list is the whole document. */
export function pointerSegments(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Where the operation reads; undefined when it reads nothing that is stored. */
function readPointer(operation: { readonly [key: string]: JsonValue }): string[] | undefined {
  const { op, path, from } = operation
  if (op === 'add' || op === 'replace' || op === 'remove') return undefined
  const source = op === 'test' ? path : from
  return typeof source === 'string' ? pointerSegments(source) : []
}

/** True when the pointer is the masked place, above it, or below it. */
function touches(path: MaskPath, pointer: readonly string[]): boolean {
  return pointer.every((key, index) => index >= path.length || matchesGlob(path[index] ?? '', key))
}

interface Place {
  readonly path: string
  /** Strings of JSON around it. */
  readonly nesting: number
  /** Levels of values around it. */
  readonly depth: number
}

function findToken(value: JsonValue, place: Place): string | undefined {
  const { path, nesting, depth } = place
  if (depth > MAX_SEARCH_DEPTH) throw tooDeep()
  const inside = { ...place, depth: depth + 1 }
  if (typeof value === 'string') {
    if (carriesToken(value)) return path
    const nested = nesting < MAX_NESTED_JSON ? nestedJson(value) : undefined
    return nested === undefined ? undefined : findToken(nested, { ...inside, nesting: nesting + 1 })
  }
  if (Array.isArray(value)) {
    return firstOf(value.entries(), ([index, element]: [number, JsonValue]) =>
      findToken(element, { ...inside, path: `${path}[${index}]` }),
    )
  }
  if (!isObject(value)) return undefined
  return firstOf(Object.entries(value), ([key, member]) =>
    carriesToken(key) ? path : findToken(member, { ...inside, path: `${path}.${key}` }),
  )
}

function tooDeep(): Fault {
  return new Fault(
    'ERR_MASK_WRITE',
    'JSON in a string of the request is nested too deeply to be searched for tokens.',
    {
      advice: `Nest at most ${MAX_JSON_DEPTH} levels. Nothing was changed.`,
    },
  )
}

/** JSON text may hide a token behind escapes; `JSON.parse` is enough, since nothing but the search depends on it. */
function nestedJson(text: string): JsonValue | undefined {
  if (!/^\s*["[{]/.test(text) || !text.includes('\\')) return undefined
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

function firstOf<T, R>(values: Iterable<T>, find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value)
    if (found !== undefined) return found
  }
  return undefined
}
