import { gunzipSync, gzipSync } from 'node:zlib'
import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue, ResourceRequest } from '../model/request.ts'
import { secretNames } from '../model/secret-names.ts'
import { encodeJson, parseJson, stringifyJson } from '../stream/json.ts'
import { concealSecrets } from './detect.ts'
import { differences } from './differences.ts'
import { isObject, isSecret } from './fields.ts'
import { readManifests, rewritten, type Manifest } from './manifests.ts'
import { namePatterns } from './names.ts'
import type { Owner, Secret } from './token.ts'
import { maskObject, type Walk } from './walk.ts'

/** Bytes of a record when it is unpacked; what etcd keeps is at most 1.5 MiB packed. */
const MAX_RECORD_BYTES = 8 * 1024 * 1024
/** JSON and files of charts are packed to a tenth or so: a few bytes that stand for many are no record. */
const MAX_RATIO = 32
/** Of small ones, which have much of the same. */
const MIN_RECORD_BYTES = 64 * 1024
/** Shorter values are in so many texts by accident that all would be hidden. */
const SHORTEST_TRACED = 6
/** What a record says of itself stands in the name and the labels of its secret as well. */
const ofItself =
  /^(?:name|namespace|version|labels\b.*|info (?!notes).*|chart metadata\b.*|chart (?:templates|files) \d+ name)$/

const names = namePatterns(secretNames)
const detectors = ['aws-access-key', 'private-key', 'jwt', 'bearer-token', 'connection-string'] as const

/** The name of the secret in which helm keeps one revision of a release (helm.sh/helm/v3 pkg/storage). */
const recordName = /^sh\.helm\.release\.v1\.(?<release>.+)\.v\d+$/

/** True when a request asks for nothing but helm's own records, as helm does: by their name or their label. */
export function isAboutRecords(request: ResourceRequest): boolean {
  if (!isSecret(request) || request.subresource !== '') return false
  return recordName.test(request.name) || request.labelSelector.split(',').includes('owner=helm')
}

/**
 * The record of a release in a secret's `data.release` (JSON, gzip, base64, and base64 again as all data of secrets). Undefined
 * when it is none that can be looked through.
 */
export function openRecord(packed: Secret): JsonObject | undefined {
  const text = packed instanceof Uint8Array ? Buffer.from(packed).toString('latin1') : packed
  if (typeof text !== 'string' || !text.startsWith('SDRzS')) return undefined
  try {
    const inner = Buffer.from(Buffer.from(text, 'base64').toString('latin1'), 'base64')
    const maxOutputLength = Math.min(MAX_RECORD_BYTES, MAX_RATIO * inner.length + MIN_RECORD_BYTES)
    const record = parseJson(gunzipSync(inner, { maxOutputLength }))
    return isObject(record) && typeof record['name'] === 'string' && isObject(record['chart']) ? record : undefined
  } catch (thrown) {
    if (thrown instanceof Fault || (thrown instanceof Error && 'code' in thrown)) return undefined
    throw thrown
  }
}

function sealRecord(record: JsonObject): string {
  return Buffer.from(gzipSync(encodeJson(record)).toString('base64')).toString('base64')
}

/** For walks over what helm asked for. */
export const showRecord: NonNullable<Walk['record']> = (value, owner, walk) => {
  const record = openRecord(value)
  return record === undefined ? undefined : sealRecord(maskRecord(record, owner, walk))
}

/** The record in the body of a write, whatever its form; undefined when there is none. */
export function recordIn(body: JsonValue | undefined): JsonObject | undefined {
  const data = isObject(body) ? body['data'] : undefined
  const packed = isObject(data) ? data['release'] : undefined
  return typeof packed === 'string' ? openRecord(packed) : undefined
}

/** A write with another record in it. */
export function withRecord(body: JsonValue, record: JsonObject): JsonValue {
  if (!isObject(body) || !isObject(body['data'])) return body
  return { ...body, data: { ...body['data'], release: sealRecord(record) } }
}

/**
 * What helm is shown for a record, so that it goes on working: objects in its manifests are masked as such, and of all else the
 * values of secret names, what looks like a secret, and whatever holds a value that was hidden in the objects.
 */
export function maskRecord(record: JsonObject, { apiGroup, resource, namespace }: Owner, walk: Walk): JsonObject {
  const release = typeof record['name'] === 'string' ? record['name'] : ''
  return new RecordMasker({ apiGroup, resource, namespace, name: release, uid: '' }, walk).mask(record)
}

/**
 * The places in a record where the value at `path` stands: what users give (`config`) and what charts have (`chart.values`)
 * are one to helm when it keeps values for the next revision. The place alone for all else.
 */
export function valuesPath<S>(path: readonly (S | string)[]): readonly (readonly (S | string)[])[] {
  const inner = innerPath(path)
  return inner === undefined
    ? [path]
    : [
        ['config', ...inner],
        ['chart', 'values', ...inner],
      ]
}

function innerPath<S>(path: readonly (S | string)[]): readonly (S | string)[] | undefined {
  if (path[0] === 'config') return path.slice(1)
  return path[0] === 'chart' && path[1] === 'values' ? path.slice(2) : undefined
}

/** The objects that a record would have in the cluster, each as it is and as its callers see it. */
export function recordedObjects(
  record: JsonObject,
  namespace: string,
  walk: Walk,
): readonly { object: JsonObject; masked: JsonValue }[] {
  const own = walkOfRecord(namespace, walk, () => undefined)
  const hooks = Array.isArray(record['hooks']) ? record['hooks'] : []
  const texts = [record['manifest'], ...hooks.map((hook: JsonValue) => (isObject(hook) ? hook['manifest'] : null))]
  return texts.flatMap((text) =>
    (typeof text === 'string' ? (readManifests(text) ?? []) : []).map(({ object }) => ({
      object,
      masked: maskObject(object, [], own),
    })),
  )
}

function walkOfRecord(namespace: string, walk: Walk, hidden: Walk['hidden']): Walk {
  return { ...walk, fallback: { namespace, name: '' }, encodeTokens: true, trustKinds: true, hidden }
}

class RecordMasker {
  readonly #owner: Owner
  readonly #walk: Walk
  /** Texts that were hidden in manifests, plain and in base64. */
  readonly #traced = new Set<string>()
  /** A text of manifests cannot be read, so that nobody knows which values are secret: all are taken to be. */
  #isBlind = false

  constructor(owner: Owner, walk: Walk) {
    this.#owner = owner
    this.#walk = walk
  }

  mask(record: JsonObject): JsonObject {
    // First, so that what they hide is known.
    const manifest = this.#manifest(record['manifest'], ['manifest'])
    const hooks = Array.isArray(record['hooks'])
      ? record['hooks'].map((hook: JsonValue, index) =>
          isObject(hook)
            ? { ...hook, manifest: this.#manifest(hook['manifest'], ['hooks', String(index), 'manifest']) }
            : hook,
        )
      : record['hooks']
    const { manifest: _manifest, hooks: _hooks, ...rest } = record
    const shown = this.#rest(rest, []) as JsonObject
    return Object.fromEntries(
      Object.keys(record).map((key): [string, JsonValue] => {
        if (key === 'manifest') return [key, manifest]
        return [key, key === 'hooks' ? (hooks ?? null) : (shown[key] ?? null)]
      }),
    )
  }

  #manifest(text: JsonValue | undefined, path: readonly string[]): JsonValue {
    if (typeof text !== 'string') return text === undefined ? null : this.#token(text, path)
    const manifests = readManifests(text)
    const masked = manifests === undefined ? undefined : this.#masked(text, manifests)
    this.#isBlind ||= masked === undefined
    const comments = masked?.match(/#.*$/gm) ?? []
    return masked === undefined || this.#holdsTraced(comments.join('\n')) ? this.#token(text, path) : masked
  }

  #masked(text: string, manifests: readonly Manifest[]): string | undefined {
    const changes: { manifest: Manifest; path: readonly string[]; value: string }[] = []
    const walk = walkOfRecord(this.#owner.namespace, this.#walk, (value) => {
      this.#trace(value)
      this.#walk.hidden(value)
    })
    for (const manifest of manifests) {
      differences(manifest.object, maskObject(manifest.object, [], walk), [], (path, value) =>
        changes.push({ manifest, path, value }),
      )
    }
    return rewritten(text, changes)
  }

  #trace(value: Secret): void {
    if (typeof value !== 'string' || value.length < SHORTEST_TRACED) return
    const plain = Buffer.from(value, 'base64').toString('utf8')
    const isBase64 = Buffer.from(plain).toString('base64') === value
    const texts = isBase64 && plain.length >= SHORTEST_TRACED ? [value, plain] : [value]
    for (const text of texts) this.#traced.add(text).add(Buffer.from(text).toString('base64'))
  }

  #holdsTraced(text: string): boolean {
    for (const traced of this.#traced) if (text.includes(traced)) return true
    return false
  }

  #rest(value: JsonValue, path: readonly string[], isSecretName = false): JsonValue {
    if (Array.isArray(value)) {
      return value.map((one: JsonValue, index) => this.#rest(one, [...path, String(index)], isSecretName))
    }
    if (isObject(value)) {
      const members = Object.entries(value).map(([key, one]): [string, JsonValue] => [
        key,
        this.#rest(one, [...path, key], isSecretName || names.matches(key)),
      ])
      return Object.fromEntries(members)
    }
    if (typeof value === 'boolean' || value === null || value === '') return value
    const text = typeof value === 'string' ? value : stringifyJson(value)
    return isSecretName || this.#looksSecret(text, path) ? this.#token(value, path) : value
  }

  /** Files of a chart are in base64. */
  #looksSecret(text: string, path: readonly string[]): boolean {
    const isFile = path[0] === 'chart' && path.at(-1) === 'data'
    const plain = isFile ? Buffer.from(text, 'base64').toString('utf8') : text
    if (!ofItself.test(path.join(' ')) && (this.#isBlind || this.#holdsTraced(plain))) return true
    // What tokens of this caller look like is of no interest here: whether there would be one is.
    return concealSecrets(plain, detectors, () => '') !== plain
  }

  #token(value: JsonValue, path: readonly string[]): string {
    this.#walk.hidden(value)
    const inner = innerPath(path)
    const place = inner === undefined ? ['release', ...path] : ['release', 'values', ...inner]
    const token = this.#walk.token(this.#owner, place, value)
    return path[0] === 'chart' && path.at(-1) === 'data' ? Buffer.from(token).toString('base64') : token
  }
}
