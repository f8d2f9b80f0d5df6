import { createHash } from 'node:crypto'
import { messageSchemas, schemaName } from '../schema/openapi.ts'
import { messageOf } from '../schema/typed.ts'
import { readFields, type Fields } from '../state/objects.ts'
import { groupVersion, type Resource } from '../resources/resource.ts'

/**
 * OpenAPI v3, as much as kubectl asks for: that patch and post take fieldValidation and dryRun (so that it leaves
 * validation to the server), and the shape of the kinds for `kubectl explain`. Bodies of specs are not described.
 */
export function openapi(resources: readonly Resource[], path: string): Fields | undefined {
  if (path === '/openapi/v3') return index(resources)
  const [root = '', ...rest] = path.replace('/openapi/v3/', '').split('/')
  const name = rest.join('/')
  const [group = '', version = ''] = root === 'api' ? ['', name] : name.split('/')
  const found = resources.filter((resource) => resource.group === group && resource.version === version)
  return found.length === 0 || !['api', 'apis'].includes(root) ? undefined : groupDocument(found)
}

/** The media type of `/openapi/v2` for kubectl 1.28 and older; they take no other. */
export const openapiV2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

const protobufText = (field: number, text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes])
}

/** An OpenAPI v2 document in protobuf that describes nothing: with it old clients use what they know themselves. */
export function openapiV2(): Buffer {
  const info = Buffer.concat([protobufText(1, 'Chaperone practice cluster'), protobufText(2, 'v1.32.4')])
  return Buffer.concat([protobufText(1, '2.0'), protobufText(2, info), protobufText(8, ''), protobufText(9, '')])
}

const prefix = (resource: Resource) => `${resource.group === '' ? 'api' : 'apis'}/${groupVersion(resource)}`

function index(resources: readonly Resource[]): Fields {
  const prefixes = [...new Set(resources.map(prefix))]
  const url = (one: string) => ({ serverRelativeURL: `/openapi/v3/${one}?hash=${digest(resources, one)}` })
  return { paths: Object.fromEntries(prefixes.map((one) => [one, url(one)])) }
}

function digest(resources: readonly Resource[], one: string): string {
  const served = resources.filter((resource) => prefix(resource) === one)
  return createHash('sha512').update(JSON.stringify(served)).digest('hex').toUpperCase()
}

function groupDocument(served: readonly Resource[]): Fields {
  return {
    openapi: '3.0.0',
    info: { title: 'Chaperone practice cluster', version: 'v1.32.4' },
    paths: Object.fromEntries(served.flatMap(paths)),
    components: { schemas: schemasOf(served) },
  }
}

const kindOf = ({ group, version, kind }: Resource) => ({ group, version, kind })

function paths(resource: Resource): [string, Fields][] {
  const base = `/${prefix(resource)}/${resource.namespaced ? 'namespaces/{namespace}/' : ''}${resource.plural}`
  const collection = { get: operation(resource, 'list'), post: operation(resource, 'post') }
  const single = {
    get: operation(resource, 'get'),
    put: operation(resource, 'put'),
    patch: operation(resource, 'patch'),
    delete: operation(resource, 'delete'),
  }
  return [
    [base, collection],
    [`${base}/{name}`, single],
  ]
}

function operation(resource: Resource, action: string): Fields {
  const writes = ['post', 'put', 'patch'].includes(action)
  const names = writes ? ['dryRun', 'fieldManager', 'fieldValidation'] : action === 'delete' ? ['dryRun'] : []
  return {
    operationId: `${action}${resource.group.replaceAll('.', '_')}${resource.kind}`,
    parameters: names.map((name) => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } })),
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kindOf(resource),
  }
}

const metaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

const text = { type: 'string' }

const objectMeta: [string, Fields] = [
  metaName,
  {
    description: 'Metadata that all persisted objects have.',
    type: 'object',
    properties: {
      name: { ...text, description: 'Name, unique within the namespace.' },
      namespace: { ...text, description: 'Namespace that the object lives in.' },
      labels: { type: 'object', additionalProperties: text, description: 'Map of keys and values to select by.' },
      annotations: { type: 'object', additionalProperties: text, description: 'Map of unstructured values.' },
    },
  },
]

const open = (description: string) => ({ type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true })

/** Schemas of the kinds: from the tables of built-in ones, from the definition of custom ones, else with open parts. */
function schemasOf(served: readonly Resource[]): Fields {
  const found = new Map<string, Fields>([objectMeta])
  for (const resource of served) {
    const prefix = prefixOf(resource)
    const message = messageOf(groupVersion(resource), resource.kind)
    if (message === undefined) found.set(`${prefix}.${resource.kind}`, kindSchema(resource))
    else {
      found.delete(metaName)
      messageSchemas(message, prefix, found)
      const name = schemaName(message, prefix)
      found.set(name, withType(found.get(name) ?? {}, resource))
    }
  }
  return Object.fromEntries(found)
}

const prefixOf = ({ group, version }: Resource) =>
  group.includes('.') && !group.endsWith('.k8s.io')
    ? [...group.split('.').reverse(), version].join('.')
    : `io.k8s.api.${group.split('.')[0] || 'core'}.${version}`

const typeMeta: Fields = {
  apiVersion: { ...text, description: 'The versioned schema of this object.' },
  kind: { ...text, description: 'The REST resource this object represents.' },
}

function withType(schema: Fields, resource: Resource): Fields {
  const properties = { ...typeMeta, ...readFields(schema, 'properties') }
  return { ...schema, properties, 'x-kubernetes-group-version-kind': [kindOf(resource)] }
}

function kindSchema(resource: Resource): Fields {
  const { kind, custom } = resource
  const metadata = { description: "Standard object's metadata.", allOf: [{ $ref: `#/components/schemas/${metaName}` }] }
  if (custom !== undefined) {
    const properties = { ...typeMeta, metadata, ...readFields(custom.schema, 'properties') }
    return { ...custom.schema, properties, 'x-kubernetes-group-version-kind': [kindOf(resource)] }
  }
  const properties = {
    ...typeMeta,
    metadata,
    spec: open(`What the ${kind} should be.`),
    status: open(`What the ${kind} is.`),
  }
  return {
    type: 'object',
    description: `${kind} of the practice cluster.`,
    properties,
    'x-kubernetes-group-version-kind': [kindOf(resource)],
    'x-kubernetes-preserve-unknown-fields': true,
  }
}
