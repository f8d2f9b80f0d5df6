import { messages } from '../../stream/protobuf/messages.ts'
import { metaMessages } from '../../stream/protobuf/messages/meta.ts'
import type { Field } from '../../stream/protobuf/table.ts'
import type { Fields } from '../state/objects.ts'
import { descriptionOf } from './descriptions.ts'
import { fieldsByName } from './typed.ts'

const scalars: Readonly<Record<string, Fields>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bytes: { type: 'string', format: 'byte' },
  Time: { type: 'string', format: 'date-time' },
  MicroTime: { type: 'string', format: 'date-time' },
  Quantity: { type: 'string' },
  IntOrString: { type: 'string', format: 'int-or-string' },
  ExtraValue: { type: 'array', items: { type: 'string' } },
}

/** Name of a message among the schemas of a document. */
export function schemaName(message: string, prefix: string): string {
  return Object.hasOwn(metaMessages, message)
    ? `io.k8s.apimachinery.pkg.apis.meta.v1.${message}`
    : `${prefix}.${message}`
}

/** OpenAPI v3 schemas of a message and of all that it is made of, by name. */
export function messageSchemas(message: string, prefix: string, found: Map<string, Fields>): void {
  const name = schemaName(message, prefix)
  if (found.has(name)) return
  const fields = [...fieldsByName(message)]
  const properties = fields.map(([field, one]) => [field, property(message, field, one, prefix)] as const)
  const required = fields.filter(([, one]) => one.always && !one.pointer).map(([field]) => field)
  found.set(name, {
    type: 'object',
    description: descriptionOf(message),
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
  })
  for (const [, { type }] of fields)
    if (messages.has(type) && scalars[type] === undefined) messageSchemas(type, prefix, found)
}

function property(message: string, name: string, { type, shape }: Field, prefix: string): Fields {
  const description = descriptionOf(message, name)
  const inner = scalars[type] ?? (messages.has(type) ? reference(type, prefix) : { type: 'object' })
  if (shape === 'list') return { description, type: 'array', items: inner }
  if (shape === 'map') return { description, type: 'object', additionalProperties: inner }
  return { description, ...inner }
}

function reference(type: string, prefix: string): Fields {
  return { allOf: [{ $ref: `#/components/schemas/${schemaName(type, prefix)}` }] }
}
