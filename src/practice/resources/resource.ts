import type { Cause } from '../failure.ts'
import type { Schema } from '../schema/schema.ts'
import type { Fields, KubeObject } from '../state/objects.ts'
import type { Conversion } from '../state/served.ts'

/** metav1.TableColumnDefinition with the function that fills a cell. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer'
  readonly format?: 'name'
  /** 0 is always shown, 1 only by `kubectl get -o wide`. */
  readonly priority: 0 | 1
  readonly description: string
  cell(object: KubeObject, now: Date): string | number
}

export interface Subresource {
  readonly name: string
  readonly verbs: readonly string[]
  /** Kind of the body when it is not the resource's own. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
}

/** One row of the resource table: what the server serves and how it behaves. */
export interface Resource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly subresources: readonly Subresource[]
  readonly columns: readonly Column[]
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly fields: Readonly<Record<string, (object: KubeObject) => string>>
  /** True when changes of spec count up metadata.generation. */
  readonly generations: boolean
  /** The shape of the objects, for custom resources; built-in ones are found by group, version and kind. */
  readonly schema?: Schema
  /** Key of the resource in the store when it is another's: a version of it, or the same objects in another group. */
  readonly storedAs?: string
  /** What a custom resource definition says of a version: its schema as it was given, and where its replicas are. */
  readonly custom?: { readonly schema: Fields; readonly scale?: Fields }
  /** How objects are kept, when not as they are served. */
  readonly conversion?: Conversion
  /** Fills in what the API server defaults; gets a copy it may keep. */
  complete(object: KubeObject, now: Date): KubeObject
  /** What is wrong with the object, `old` being the stored one on update. */
  validate(object: KubeObject, old?: KubeObject): readonly Cause[]
}

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const

export const statusSubresource: Subresource = { name: 'status', verbs: ['get', 'patch', 'update'] }

export const scaleSubresource: Subresource = {
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
}

type Given = Pick<Resource, 'plural' | 'kind' | 'columns'> & Partial<Resource>

/** A resource with the usual answers for everything that is not given. */
export function resource(given: Given): Resource {
  return {
    group: '',
    version: 'v1',
    singular: given.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: allVerbs,
    subresources: [],
    fields: {},
    generations: false,
    complete: (object) => object,
    validate: () => [],
    ...given,
  }
}

/** `group/version`, or the version alone for the core group. */
export function groupVersion({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}

/** The key of a resource in the store; versions share it. */
export function resourceKey({ group, plural, storedAs }: Pick<Resource, 'group' | 'plural' | 'storedAs'>): string {
  return storedAs ?? `${group}/${plural}`
}
