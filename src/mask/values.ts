import { Fault } from '../model/fault.ts'
import type { JsonValue, ResourceRequest } from '../model/request.ts'
import { isObject, type MaskedFields, type ResourceRef } from './fields.ts'
import { neutralStatus, shortStatus } from './status.ts'
import { TableMasker } from './table.ts'
import { maskObject, type Walk } from './walk.ts'

/** Masks values that were read, in the shapes in which an API server sends objects. */
export class ValueMasker {
  /** Tables of one answer. */
  readonly tables: TableMasker
  readonly #request: ResourceRequest
  readonly #ref: ResourceRef
  readonly #walk: Walk

  constructor(request: ResourceRequest, walk: Walk) {
    this.#request = request
    this.#ref = { apiGroup: request.apiGroup, resource: request.resource }
    this.#walk = walk
    this.tables = new TableMasker(this.#ref, walk)
  }

  /** The body of a failed request. */
  failure(value: JsonValue): JsonValue {
    const isStatus = isObject(value) && value['kind'] === 'Status'
    if (!isStatus && this.#walk.fields.isNamed(this.#ref)) throw notAStatus()
    return this.top(value)
  }

  /** One line of a watch (metav1.WatchEvent). */
  event(value: JsonValue): JsonValue {
    if (!isObject(value) || typeof value['type'] !== 'string' || value['object'] === undefined) {
      throw new Fault('ERR_MASK', 'The API server sent a line that is not a watch event, so it cannot be masked.')
    }
    return { ...value, object: this.top(value['object']) }
  }

  /** A Status, a Table, a list whose items name no kind, or one object. */
  top(value: JsonValue): JsonValue {
    if (!isObject(value)) return maskObject(value, [this.#ref], this.#walk)
    const { kind } = value
    if (kind === 'Status' && this.#walk.fields.isNamed(this.#ref)) return neutralStatus(value, this.#request)
    if (kind === 'Status' && this.#walk.fields.isLookedAt(this.#ref))
      return maskObject(shortStatus(value), [this.#ref], this.#walk)
    if (kind === 'Table') return this.tables.mask(value)
    const items = value['items']
    if (!Array.isArray(items)) return maskObject(value, [this.#ref], this.#walk)
    const refs = [this.#ref, ...itemRefs(value, this.#walk.fields)]
    const masked = maskObject({ ...value, items: [] }, [this.#ref], this.#walk)
    return { ...(masked as object), items: items.map((item: JsonValue) => maskObject(item, refs, this.#walk)) }
  }
}

/** `SecretList` → secrets. */
export function itemRefs(list: { readonly [key: string]: JsonValue }, fields: MaskedFields): ResourceRef[] {
  const { kind } = list
  if (typeof kind !== 'string' || !kind.endsWith('List')) return []
  const ref = fields.refOf({ ...list, kind: kind.slice(0, -'List'.length) })
  return ref === undefined ? [] : [ref]
}

export function notAStatus(): Fault {
  return new Fault(
    'ERR_MASK',
    'The API server refused the request with something that is not a Status, so it cannot be masked.',
  )
}
