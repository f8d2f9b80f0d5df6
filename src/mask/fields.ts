import { RawNumber, type JsonObject, type JsonValue } from '../model/request.ts'
import type { DetectorName } from '../model/detector.ts'
import { namePatterns, type NamePatterns } from './names.ts'
import type { MaskPath, MaskSet } from './port.ts'
import { makeLook, type Look } from './possible.ts'

/** kubectl keeps the whole manifest here, as JSON in a string. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
export const lastAppliedPath: MaskPath = ['metadata', 'annotations', LAST_APPLIED]

/** Tools keep manifests in annotations of many names: each of a resource that a mask names is looked at. */
export const anyAnnotationPath: MaskPath = ['metadata', 'annotations', '*']

/** Characters of an annotation; longer ones hold documents, not marks. */
const MAX_MARK_LENGTH = 256

/** Beginning of JSON, and of gzip in base64 (RFC 1952 magic number and method). */
const beginsDocument = /^\s*["[{]|^\s*H4sI/

/** True when an annotation may hold a whole manifest: JSON, more than one line, compressed or long. */
export function mayHoldManifest(annotation: JsonValue): boolean {
  if (typeof annotation !== 'string') return true
  return annotation.length > MAX_MARK_LENGTH || annotation.trim().includes('\n') || beginsDocument.test(annotation)
}

export interface ResourceRef {
  readonly apiGroup: string
  readonly resource: string
}

/** A masked path of one resource; `base64` = its values are base64, and so are its tokens. */
export interface MaskedPath {
  readonly segments: MaskPath
  readonly base64: boolean
  /** Set where only values of certain names are hidden. */
  readonly names?: NamePatterns
  /** Set where only what is found in texts is hidden. */
  readonly detectors?: readonly DetectorName[]
}

/** True when what is at the path may also stay. */
export function isConditional({ names, detectors }: MaskedPath): boolean {
  return names !== undefined || detectors !== undefined
}

/** Resources that are remembered: an API server has hundreds, and objects may name any kind. */
const MAX_KNOWN = 1024

/** What some mask sets together hide, by resource. */
export interface MaskedFields {
  pathsOf(ref: ResourceRef): readonly MaskedPath[]
  /** True when a mask names this very resource: then free text about it (error messages, cells) is hidden too. */
  isNamed(ref: ResourceRef): boolean
  /** True when a mask names this very resource, also for what is hidden on conditions. */
  isLookedAt(ref: ResourceRef): boolean
  readonly look: Look
  /** The resource of an object that names its kind: one that a mask names, if it can be one of those; undefined when it names none. */
  refOf(object: JsonObject): ResourceRef | undefined
}

export function maskedFields(maskSets: readonly MaskSet[]): MaskedFields {
  const fields = maskSets.flatMap((set) => set.fields)
  const matching = ({ apiGroup, resource }: ResourceRef) =>
    fields.filter((field) => is(field.apiGroup, apiGroup) && is(field.resource, resource))
  const known = new Map<string, OfResource>()
  const ofResource = (ref: ResourceRef): OfResource => {
    const key = `${ref.apiGroup}/${ref.resource}`
    const found = known.get(key)
    if (found !== undefined) return found
    const own = matching(ref)
    const named = own.filter(({ resource }) => resource !== '*')
    const compiled = {
      paths: own.flatMap((field) => maskedPaths(field, ref)),
      isNamed: named.some(
        ({ keys, detectors, paths }) => keys === undefined && detectors === undefined && !paths.every(isOfTemplate),
      ),
      isLookedAt: named.length > 0,
    }
    return remember(known, key, compiled)
  }
  const kinds = new Map<string, ResourceRef>()
  const isLookedAt = (ref: ResourceRef) => ofResource(ref).isLookedAt
  return {
    refOf({ kind, apiVersion }) {
      if (typeof kind !== 'string' || kind === '') return undefined
      const version = typeof apiVersion === 'string' ? apiVersion : ''
      const key = `${version} ${kind}`
      const found = kinds.get(key)
      if (found !== undefined) return found
      const refs = refsOfKind(kind, version)
      return remember(kinds, key, refs.find(isLookedAt) ?? refs[0])
    },
    pathsOf: (ref) => ofResource(ref).paths,
    isNamed: (ref) => ofResource(ref).isNamed,
    isLookedAt,
    look: makeLook(maskSets),
  }
}

/** What is hidden whole, and may not be written over unseen. */
export function guardedFields(maskSets: readonly MaskSet[]): MaskedFields {
  return fieldsWhere(
    maskSets,
    ({ keys, detectors, freeWrites }) => keys === undefined && detectors === undefined && freeWrites !== true,
  )
}

/** Of what parts are hidden on conditions. */
export function conditionalFields(maskSets: readonly MaskSet[]): MaskedFields {
  return fieldsWhere(maskSets, ({ keys, detectors }) => keys !== undefined || detectors !== undefined)
}

function fieldsWhere(maskSets: readonly MaskSet[], is: (field: MaskSet['fields'][number]) => boolean): MaskedFields {
  return maskedFields(maskSets.map((set) => ({ ...set, fields: set.fields.filter(is) })))
}

/** The oldest goes when there are too many. */
function remember<T>(known: Map<string, T>, key: string, value: T): T {
  const [oldest] = known.keys()
  if (oldest !== undefined && known.size >= MAX_KNOWN) known.delete(oldest)
  known.set(key, value)
  return value
}

interface OfResource {
  readonly paths: readonly MaskedPath[]
  readonly isNamed: boolean
  readonly isLookedAt: boolean
}

/** Annotations that a workload gives its pods or jobs, which neither its cells nor errors about it quote. */
export function isOfTemplate(path: MaskPath): boolean {
  const [parent, metadata, annotations] = path.slice(-4, -1)
  return /^(?:template|jobTemplate)$/.test(parent ?? '') && metadata === 'metadata' && annotations === 'annotations'
}

function maskedPaths({ paths, keys, detectors }: MaskSet['fields'][number], ref: ResourceRef): readonly MaskedPath[] {
  return paths.map((segments) => ({
    segments,
    base64: isSecret(ref) && segments[0] === 'data',
    ...(keys === undefined ? {} : { names: namePatterns(keys) }),
    ...(detectors === undefined ? {} : { detectors }),
  }))
}

export function isSecret(ref: ResourceRef): boolean {
  return ref.apiGroup === '' && ref.resource === 'secrets'
}

/**
 * The resources that an object of its kind can be: first what Kubernetes guesses (k8s.io/apimachinery pkg/api/meta/restmapper.go,
 * UnsafeGuessKindToResource), then what authors of custom resources write where that guess is no word (gateways, meshes).
 */
function refsOfKind(kind: string, version: string): readonly [ResourceRef, ...ResourceRef[]] {
  const apiGroup = version.includes('/') ? (version.split('/', 1)[0] ?? '') : ''
  const word = kind.toLowerCase()
  const of = (resource: string) => ({ apiGroup, resource })
  return [of(plural(word)), of(`${word}s`), of(`${word}es`), of(word)]
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawNumber)
}

function plural(kind: string): string {
  if (kind.endsWith('s')) return `${kind}es`
  return kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`
}

function is(wanted: string, actual: string): boolean {
  return wanted === '*' || wanted === actual
}
