import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue } from '../model/request.ts'
import { parseJson, stringifyJson } from '../stream/json.ts'
import { concealSecrets } from './detect.ts'
import {
  anyAnnotationPath,
  isConditional,
  isObject,
  lastAppliedPath,
  mayHoldManifest,
  type MaskedFields,
  type MaskedPath,
  type ResourceRef,
} from './fields.ts'
import { matchesGlob } from './glob.ts'
import { concealNamed } from './names.ts'
import type { MakeToken, Owner, Secret } from './token.ts'

/** What a walk needs, and what it tells. */
export interface Walk {
  readonly fields: MaskedFields
  readonly token: MakeToken
  /** Stands in for what an object does not say about itself. */
  readonly fallback: { readonly namespace: string; readonly name: string }
  /** False = tokens stay readable where values are base64 (for people, not for programs). */
  readonly encodeTokens: boolean
  /**
   * True = an object inside is also masked as the kind that it names. Right for answers; a request's body would so
   * choose for itself what reviewers see.
   */
  readonly trustKinds: boolean
  /** Told of each value that was hidden. */
  hidden(value: Secret): void
  /** What is shown for a value that is a record of helm, which is looked into; undefined for all others. */
  readonly record?: (value: Secret, owner: Owner, walk: Walk) => string | undefined
}

/** A masked path on its way down from its object. */
export interface Track extends MaskedPath {
  readonly owner: Owner
  /** Length of the trail where the object begins. */
  readonly from: number
  /** Segments that have matched so far. */
  readonly depth: number
  /**
   * What is at the path: a value to hide, the object's own manifest as JSON in a string, an annotation that may hold
   * a manifest, or something of which a part may be hidden.
   */
  readonly holds: 'value' | 'manifest' | 'annotation' | 'condition'
}

/** The object with every masked value replaced; `refs` are what the object is known to be, whatever it says itself. */
export function maskObject(value: JsonValue, refs: readonly ResourceRef[], walk: Walk): JsonValue {
  return descend(value, isObject(value) ? tracksOf(value, refs, [], walk) : [], [], walk)
}

/** The value as it is found at `pointer` of an object that `refs` describe, masked. */
export function maskAt(
  value: JsonValue,
  pointer: readonly string[],
  refs: readonly ResourceRef[],
  walk: Walk,
): JsonValue {
  const tracks = tracksOf(Object.create(null) as JsonObject, refs, [], walk)
  return stepInto(value, pointer, tracks, [], walk)
}

function stepInto(
  value: JsonValue,
  pointer: readonly string[],
  tracks: readonly Track[],
  trail: readonly string[],
  walk: Walk,
): JsonValue {
  const [key, ...rest] = pointer
  if (key === undefined) return descend(value, tracks, trail, walk)
  const advanced = advance(tracks, key)
  const at = [...trail, key]
  const complete = advanced.filter(isComplete)
  if (complete.length > 0) return conceal(value, complete, at, walk)
  return stepInto(value, rest, advanced, at, walk)
}

function descend(value: JsonValue, tracks: readonly Track[], trail: readonly string[], walk: Walk): JsonValue {
  if (Array.isArray(value)) {
    return value.map((element: JsonValue, index) => replace(String(index), element, tracks, trail, walk))
  }
  if (!isObject(value)) return value
  const own = walk.trustKinds ? walk.fields.refOf(value) : undefined
  const all = own === undefined ? tracks : [...tracks, ...tracksOf(value, [own], trail, walk)]
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replace(key, child, all, trail, walk)]))
}

function replace(
  key: string,
  child: JsonValue,
  tracks: readonly Track[],
  trail: readonly string[],
  walk: Walk,
): JsonValue {
  const advanced = advance(tracks, key)
  const at = [...trail, key]
  const complete = advanced.filter(isComplete)
  if (complete.length === 0) return descend(child, advanced, at, walk)
  const shown = conceal(child, complete, at, walk)
  const isWhole = complete.some(({ holds }) => holds !== 'condition')
  return isWhole
    ? shown
    : descend(
        shown,
        advanced.filter((track) => !isComplete(track)),
        at,
        walk,
      )
}

/** What stands for a value at the end of `complete` paths. Null says that there is no value, so there is nothing to hide. */
export function conceal(value: JsonValue, complete: readonly Track[], at: readonly string[], walk: Walk): JsonValue {
  if (value === null) return null
  const track = (['value', 'manifest', 'annotation'] as const)
    .map((holds) => complete.find((candidate) => candidate.holds === holds))
    .find((candidate) => candidate !== undefined)
  if (track === undefined) return concealParts(value, complete, at, walk)
  if (track.holds === 'annotation' && !mayHoldManifest(value)) return concealParts(value, complete, at, walk)
  if (track.holds === 'manifest') return maskManifest(value, track, at, walk)
  return tokenFor(value, track, at, walk)
}

/** What stands for a value that is hidden whole. */
export function tokenFor(value: Secret, track: Track, at: readonly string[], walk: Walk): string {
  const record = track.base64 && at.at(-1) === 'release' ? walk.record?.(value, track.owner, walk) : undefined
  if (record !== undefined) return record
  walk.hidden(value)
  const token = walk.token(track.owner, at.slice(track.from), value)
  return track.base64 && walk.encodeTokens ? Buffer.from(token).toString('base64') : token
}

/** Hides those parts of a value that conditions single out. */
function concealParts(value: JsonValue, complete: readonly Track[], at: readonly string[], walk: Walk): JsonValue {
  let shown = value
  for (const { names, detectors, owner, from } of complete) {
    const token = (secret: JsonValue, key = '') => {
      walk.hidden(secret)
      return walk.token(owner, key === '' ? at.slice(from) : [...at.slice(from), key], secret)
    }
    if (names !== undefined) shown = concealNamed(shown, names, token)
    if (detectors !== undefined && typeof shown === 'string')
      shown = concealSecrets(shown, detectors, (one) => token(one))
  }
  return shown
}

/** The manifest in a last-applied annotation gets the masks of its object; what is not JSON is hidden whole. */
function maskManifest(value: JsonValue, track: Track, at: readonly string[], walk: Walk): JsonValue {
  const manifest = typeof value === 'string' ? parsed(value) : undefined
  if (typeof value !== 'string' || manifest === undefined) {
    walk.hidden(value)
    return walk.token(track.owner, at.slice(track.from), value)
  }
  let count = 0
  const inner: Walk = {
    ...walk,
    hidden: (hidden) => {
      count++
      walk.hidden(hidden)
    },
  }
  const masked = descend(manifest, ownedTracks(track.owner, [], inner), [], inner)
  return count === 0 ? value : stringifyJson(masked) + (value.endsWith('\n') ? '\n' : '')
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJson(new TextEncoder().encode(text))
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'ERR_BODY') return undefined
    throw thrown
  }
}

function tracksOf(object: JsonObject, refs: readonly ResourceRef[], trail: readonly string[], walk: Walk): Track[] {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {}
  const text = (value: JsonValue | undefined, otherwise: string) => (typeof value === 'string' ? value : otherwise)
  return refs.flatMap(({ apiGroup, resource }) => {
    const owner: Owner = {
      apiGroup,
      resource,
      namespace: text(metadata['namespace'], walk.fallback.namespace),
      name: text(metadata['name'], walk.fallback.name),
      uid: text(metadata['uid'], ''),
    }
    return ownedTracks(owner, trail, walk)
  })
}

/** The masked paths of an object, at its beginning. */
export function ownedTracks(owner: Owner, trail: readonly string[], walk: Walk): Track[] {
  const paths = walk.fields.pathsOf(owner)
  if (paths.length === 0) return []
  const start = { owner, from: trail.length, depth: 0 }
  const masked: Track[] = paths.map((path) => ({
    ...path,
    ...start,
    holds: isConditional(path) ? 'condition' : 'value',
  }))
  masked.push({ ...start, segments: lastAppliedPath, base64: false, holds: 'manifest' })
  if (walk.fields.isNamed(owner))
    masked.push({ ...start, segments: anyAnnotationPath, base64: false, holds: 'annotation' })
  return masked
}

/** Those paths that go on with `key`. */
export function advance(tracks: readonly Track[], key: string): Track[] {
  return tracks
    .filter((track) => matchesGlob(track.segments[track.depth] ?? '', key))
    .map((track) => ({ ...track, depth: track.depth + 1 }))
}

export function isComplete(track: Track): boolean {
  return track.depth === track.segments.length
}
