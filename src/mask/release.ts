import type { JsonObject, JsonValue } from '../model/request.ts'
import { differences } from './differences.ts'
import { isObject, type MaskedFields, type ResourceRef } from './fields.ts'
import { maskRecord, recordedObjects, recordIn, valuesPath } from './helm.ts'
import { readManifests, rewritten } from './manifests.ts'
import { Restorer, Shown, staysHidden } from './restorer.ts'
import { carriesToken, type Owner } from './token.ts'
import { maskObject, type Walk } from './walk.ts'

/** An object in the cluster. */
interface Named extends ResourceRef {
  readonly namespace: string
  readonly name: string
}

/**
 * What the records of one release know of the tokens that helm was shown. A token of the release's values counts in an object
 * where a record has that very value at that very place: a chart that is rendered again puts it there, and nothing is moved.
 */
export class Release {
  readonly #walk: Walk
  readonly #secrets: readonly JsonValue[]
  readonly #objects: { readonly namespace: string; readonly object: JsonObject; readonly masked: JsonValue }[] = []
  /** Texts among the values of the release, by their tokens. */
  readonly #values = new Map<string, string>()
  #namespace = ''

  constructor(secrets: readonly JsonValue[], walk: Walk) {
    this.#walk = walk
    this.#secrets = secrets
    for (const secret of secrets) this.#learn(secret)
  }

  /** Adds what stood for the values of an object. */
  note(shown: Shown, wanted: Named): void {
    for (const { namespace, object, masked } of this.#objects) {
      if (!isThis(object, namespace, wanted, this.#walk.fields)) continue
      shown.note(object, masked)
      differences(object, masked, [], (path, _text, value) => {
        for (const [token, text] of this.#values) {
          if (value === text) shown.add(object, path, token, value)
          if (value === base64(text)) shown.add(object, path, base64(token), value)
        }
      })
    }
  }

  /** A record that is written, with its values put back; undefined when it holds none that are known to be its own. */
  record(
    record: JsonObject,
    { stored, namespace }: { readonly stored: JsonValue | undefined; readonly namespace: string },
  ): JsonObject | undefined {
    if (stored !== undefined) this.#learn(stored)
    this.#namespace = namespace
    const owner = ownerIn(namespace)
    const shown = new Shown()
    for (const known of this.#records(stored)) {
      if (known['name'] !== record['name']) continue
      differences(known, maskRecord(known, owner, this.#walk), [], (path, text, value) =>
        shown.add(known, path, text, value, valuesPath),
      )
    }
    const restorer = new Restorer(shown, (manifest) => manifest)
    const first = restorer.at([], [], record)
    if (!isObject(first)) return undefined
    const places = [...restorer.places]
    const rendered = this.#rendered(first, (place) => places.push(place))
    if (places.length === 0) return undefined
    return staysHidden(rendered, maskRecord(rendered, owner, this.#walk), places) ? rendered : undefined
  }

  #records(stored: JsonValue | undefined): JsonObject[] {
    return [stored, ...this.#secrets].flatMap((secret): JsonObject[] => {
      const record = recordIn(secret)
      return record === undefined ? [] : [record]
    })
  }

  #learn(secret: JsonValue): void {
    const record = recordIn(secret)
    if (record === undefined) return
    const namespace = typeof record['namespace'] === 'string' ? record['namespace'] : ''
    for (const one of recordedObjects(record, namespace, this.#walk)) this.#objects.push({ namespace, ...one })
    differences(record, maskRecord(record, ownerIn(namespace), this.#walk), [], (path, token, value) => {
      if (valuesPath(path).length > 1 && typeof value === 'string') this.#values.set(token, value)
    })
  }

  /** The texts that a chart was rendered to: its manifests, its hooks and what it tells its people. */
  #rendered(record: JsonObject, tell: (place: readonly string[]) => void): JsonObject {
    const manifest = (value: JsonValue | undefined, place: readonly string[]): JsonValue | undefined => {
      const restored = typeof value === 'string' && carriesToken(value) ? this.#manifest(value) : undefined
      if (restored !== undefined) tell(place)
      return restored ?? value
    }
    const { info, hooks } = record
    return {
      ...record,
      ...given('manifest', manifest(record['manifest'], ['manifest'])),
      ...given('info', isObject(info) ? { ...info, ...given('notes', this.#notes(info['notes'], tell)) } : info),
      ...given(
        'hooks',
        Array.isArray(hooks)
          ? hooks.map((hook: JsonValue, index) =>
              isObject(hook)
                ? { ...hook, ...given('manifest', manifest(hook['manifest'], ['hooks', String(index), 'manifest'])) }
                : hook,
            )
          : hooks,
      ),
    }
  }

  #manifest(text: string): string | undefined {
    const changes: Parameters<typeof rewritten>[1][number][] = []
    for (const manifest of readManifests(text) ?? []) {
      const { object } = manifest
      const ref = this.#walk.fields.refOf(object)
      const metadata = isObject(object['metadata']) ? object['metadata'] : {}
      if (ref === undefined || typeof metadata['name'] !== 'string') continue
      const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : this.#namespace
      const shown = new Shown()
      this.note(shown, { ...ref, namespace, name: metadata['name'] })
      const restorer = new Restorer(shown, (inner) => inner)
      const restored = restorer.at([], [], object)
      if (!staysHidden(restored, maskObject(restored, [], this.#walk), restorer.places)) continue
      for (const path of restorer.places) {
        const value = valueAt(restored, path)
        if (typeof value !== 'string') return undefined
        changes.push({ manifest, path, value })
      }
    }
    return changes.length === 0 ? undefined : rewritten(text, changes)
  }

  #notes(value: JsonValue | undefined, tell: (place: readonly string[]) => void): JsonValue | undefined {
    if (typeof value !== 'string' || !carriesToken(value)) return value
    tell(['info', 'notes'])
    return [...this.#values].reduce((text, [token, plain]) => text.replaceAll(token, () => plain), value)
  }
}

function isThis(object: JsonObject, namespace: string, wanted: Named, fields: MaskedFields): boolean {
  const ref = fields.refOf(object)
  const metadata = isObject(object['metadata']) ? object['metadata'] : {}
  return (
    ref?.apiGroup === wanted.apiGroup &&
    ref.resource === wanted.resource &&
    metadata['name'] === wanted.name &&
    (metadata['namespace'] ?? namespace) === wanted.namespace
  )
}

function ownerIn(namespace: string): Owner {
  return { apiGroup: '', resource: 'secrets', namespace, name: '', uid: '' }
}

function given(key: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [key]: value }
}

function valueAt(value: JsonValue, path: readonly string[]): JsonValue {
  return path.reduce<JsonValue>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)] ?? null
    return isObject(at) ? (at[key] ?? null) : null
  }, value)
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
