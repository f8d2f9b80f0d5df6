import { badRequest } from '../failure.ts'
import type { Fields, KubeObject } from '../state/objects.ts'
import type { Column, Resource } from '../resources/resource.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** The query parameter includeObject of a Table request; empty means Metadata. */
export function includeObject(text: string): IncludeObject {
  if (text === '') return 'Metadata'
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(text)}`)
}

interface TableRequest {
  readonly resource: Resource
  readonly version: 'v1' | 'v1beta1'
  readonly include: IncludeObject
  readonly now: Date
  /** metadata of the Table: resourceVersion, continue. */
  readonly metadata: Fields
}

/** A meta.k8s.io Table of the objects (k8s.io/apimachinery pkg/apis/meta/v1/types.go). */
export function table(objects: readonly KubeObject[], request: TableRequest, withColumns = true): Fields {
  const { resource, version, include, now, metadata } = request
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns ? resource.columns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: resource.columns.map((column) => column.cell(object, now)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object, version) }),
    })),
  }
}

function definition({ name, type, format, priority, description }: Column): Fields {
  return { name, type, format: format ?? '', description, priority }
}

/** PartialObjectMetadata: the object's metadata and nothing else. */
export function partial({ metadata }: KubeObject, version: string): Fields {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata }
}
