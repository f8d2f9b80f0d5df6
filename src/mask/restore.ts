import type { JsonObject, JsonValue, ResourceRequest } from '../model/request.ts'
import type { Subject } from '../model/subject.ts'
import { stringifyJson } from '../stream/json.ts'
import { maskBody } from './describe.ts'
import { guardedFields, isObject, isSecret, maskedFields } from './fields.ts'
import { recordIn, withRecord } from './helm.ts'
import { mayLeaveOut } from './left-out.ts'
import type { MaskSet, Restore } from './port.ts'
import { Release } from './release.ts'
import { Restorer, Shown, staysHidden, unmoved } from './restorer.ts'
import { carriesToken, tokenMaker } from './token.ts'
import { maskObject, type Walk } from './walk.ts'

/**
 * Puts back what masks hid, so that a client that writes what it read destroys nothing (kubectl edit, apply, replace,
 * patch; helm). A token is put back only into the very object and path it was made for, for the caller it was shown to, and
 * only while the value is still what it was, or stands so in a record of the release: everything else keeps its token, and is
 * refused by the guard.
 */
export function makeRestore(options: { readonly maskSets: readonly MaskSet[]; readonly key: Uint8Array }): Restore {
  const fields = maskedFields(options.maskSets)
  const guarded = guardedFields(options.maskSets)
  const walkFor = (request: ResourceRequest, subject: Subject): Walk => ({
    fields,
    token: tokenMaker(options.key, subject.name),
    fallback: { namespace: request.namespace, name: request.name },
    encodeTokens: true,
    trustKinds: true,
    hidden: () => undefined,
  })
  return {
    isNeeded: (body, request): request is ResourceRequest =>
      request.kind === 'resource' &&
      request.subresource === '' &&
      ['create', 'update', 'patch'].includes(request.verb) &&
      holdsToken(body, request),
    asksStored: (body, request, contentType): request is ResourceRequest =>
      request.kind === 'resource' && mayLeaveOut(body, request, { fields: guarded, contentType }),
    releaseOf: (body, stored, request) => (holdsToken(body, request) ? releaseOf(body, stored, request) : undefined),
    restore(body, { stored, records = [] }, request, subject) {
      const walk = walkFor(request, subject)
      const release = new Release(records, walk)
      const written = recordIn(body)
      if (written !== undefined) {
        const restored = release.record(written, { stored, namespace: request.namespace })
        return restored === undefined ? body : withRecord(body, restored)
      }
      const shown = new Shown()
      const ref = { apiGroup: request.apiGroup, resource: request.resource }
      if (stored !== undefined) shown.note(stored, maskObject(stored, [ref], walk))
      release.note(shown, { ...ref, namespace: request.namespace, name: request.name || nameOf(body) })
      const strict = { ...walk, trustKinds: false }
      const restorer = new Restorer(shown, (manifest) => maskObject(manifest, [ref], strict))
      const value = Array.isArray(body) ? restoredPatch(body, restorer, stored) : restorer.at([], [], body)
      const isSafe = restorer.places.length > 0 && staysHidden(value, maskBody(value, request, strict), restorer.places)
      return isSafe ? unlessChanged(value, stored) : body
    },
  }
}

function restoredPatch(patch: readonly JsonValue[], restorer: Restorer, stored: JsonValue | undefined): JsonValue {
  const isUnmoved = unmoved(patch, stored)
  return patch.map((one, index) => (isUnmoved(index) ? restorer.operation(one, String(index), stored) : one))
}

function holdsToken(body: JsonValue, request: ResourceRequest): boolean {
  const record = isSecret(request) ? recordIn(body) : undefined
  return carriesToken(stringifyJson(body)) || (record !== undefined && carriesToken(stringifyJson(record)))
}

/**
 * The write with the condition that the object is still the one that was read: a value that somebody changes meanwhile
 * must not be changed back. Conflicts are told as any other (409), and clients try again.
 */
function unlessChanged(body: JsonValue, stored: JsonValue | undefined): JsonValue {
  const version = isObject(stored) && isObject(stored['metadata']) ? stored['metadata']['resourceVersion'] : undefined
  if (typeof version !== 'string') return body
  if (Array.isArray(body))
    return [{ op: 'test', path: '/metadata/resourceVersion', value: version }, ...(body as JsonValue[])]
  if (!isObject(body)) return body
  const metadata: JsonObject = isObject(body['metadata']) ? body['metadata'] : {}
  if (typeof metadata['resourceVersion'] === 'string' && metadata['resourceVersion'] !== '') return body
  return { ...body, metadata: { ...metadata, resourceVersion: version } }
}

function nameOf(body: JsonValue): string {
  const { name } = metadataOf(body)
  return typeof name === 'string' ? name : ''
}

function metadataOf(body: JsonValue | undefined): JsonObject {
  return isObject(body) && isObject(body['metadata']) ? body['metadata'] : {}
}

/** Which release an object is of: a record says so itself, all else by the annotations that helm gives it. */
function releaseOf(
  body: JsonValue,
  stored: JsonValue | undefined,
  request: ResourceRequest,
): { readonly namespace: string; readonly name: string } | undefined {
  const record = recordIn(body)
  if (record !== undefined) {
    return named(request.namespace, record['name'])
  }
  const annotations = metadataOf(stored ?? body)['annotations']
  if (!isObject(annotations)) return undefined
  return named(annotations['meta.helm.sh/release-namespace'], annotations['meta.helm.sh/release-name'])
}

function named(namespace: JsonValue | undefined, name: JsonValue | undefined) {
  const isName = (text: JsonValue | undefined): text is string =>
    typeof text === 'string' && /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(text)
  return isName(namespace) && isName(name) ? { namespace, name } : undefined
}
