/**
 * The shape of an object, as much as patches, server-side apply, field validation and OpenAPI need of it
 * (k8s.io/kube-openapi, structured-merge-diff schema).
 */
export type Schema = ObjectSchema | ListSchema | ScalarSchema | AnySchema

interface Described {
  readonly description?: string
  readonly default?: unknown
  readonly nullable?: boolean
}

export interface ObjectSchema extends Described {
  readonly type: 'object'
  /** Fields by name; empty for maps. */
  readonly properties: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  /** The values of a map; `true` keeps unknown fields as they are. */
  readonly additional?: Schema | true
  /** x-kubernetes-map-type: an atomic object has one owner (default granular). */
  readonly mapType?: 'atomic' | 'granular'
}

export interface ListSchema extends Described {
  readonly type: 'array'
  readonly items: Schema
  /** x-kubernetes-list-type (default atomic). */
  readonly listType?: 'atomic' | 'set' | 'map'
  /** x-kubernetes-list-map-keys. */
  readonly mapKeys?: readonly string[]
  /** x-kubernetes-patch-strategy merge: strategic patches join by this key, sets of scalars by value (''). */
  readonly mergeKey?: string
}

export interface ScalarSchema extends Described {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'int-or-string'
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

/** Anything goes: RawExtension, JSON, x-kubernetes-preserve-unknown-fields. */
export interface AnySchema extends Described {
  readonly type: 'any'
}
