import { notAcceptable } from '../failure.ts'
import type { Fields, KubeObject } from '../state/objects.ts'
import { groupVersion, type Resource } from '../resources/resource.ts'
import type { Query } from '../transport/target.ts'
import { acceptedForm, type Form } from './accept.ts'
import { includeObject, partial, table } from './table.ts'

/** How one caller wants its objects shown. */
export interface View {
  readonly resource: Resource
  readonly form: Form
  readonly query: Query
  /** Asked for each row: a watch outlives the moment it began. */
  readonly now: () => Date
}

export interface ListMetadata extends Fields {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export function viewOf(resource: Resource, accept: string, query: Query, now: () => Date): View {
  return { resource, form: acceptedForm(accept), query, now }
}

/** One object in the form that was asked for. */
export function renderObject(object: KubeObject, view: View, withColumns = true): Fields {
  const { as, version } = view.form
  if (as === 'Object') return object
  if (as === 'PartialObjectMetadata') return partial(object, version)
  if (as === 'PartialObjectMetadataList') throw notAcceptable()
  const metadata = { resourceVersion: object.metadata.resourceVersion }
  return table([object], tableRequest(view, metadata), withColumns)
}

/** A list in the form that was asked for; items of a typed list carry no kind, as upstream. */
export function renderList(objects: readonly KubeObject[], metadata: ListMetadata, view: View): Fields {
  const { as, version } = view.form
  const { resource } = view
  if (as === 'Table') return table(objects, tableRequest(view, metadata))
  if (as !== 'Object') {
    const items = objects.map((object) => partial(object, version))
    return { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata, items }
  }
  const items = objects.map(itemOf)
  return { kind: `${resource.kind}List`, apiVersion: groupVersion(resource), metadata, items }
}

/** Items by their object, so that each is made, and written, once. */
const items = new WeakMap<KubeObject, Fields>()

function itemOf(object: KubeObject): Fields {
  const known = items.get(object)
  if (known !== undefined) return known
  const { kind: _kind, apiVersion: _apiVersion, ...item } = object
  items.set(object, item)
  return item
}

/** A bookmark: nothing but a resourceVersion. */
export function renderBookmark(resourceVersion: string, annotations: Record<string, string>, view: View): Fields {
  const metadata = {
    resourceVersion,
    creationTimestamp: null,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  }
  if (view.form.as === 'Table') return table([], tableRequest(view, metadata), false)
  const { kind } = view.resource
  const meta = view.form.as === 'Object' ? { kind, apiVersion: groupVersion(view.resource) } : partialMeta(view)
  return { ...meta, metadata }
}

const partialMeta = ({ form }: View) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${form.version}`,
})

function tableRequest({ resource, form, query, now }: View, metadata: Fields) {
  return { resource, version: form.version, include: includeObject(query.first('includeObject')), now: now(), metadata }
}
