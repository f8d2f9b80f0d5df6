import { isKnownKind, messageName } from '../../stream/protobuf/kinds.ts'
import { messages } from '../../stream/protobuf/messages.ts'
import type { Field } from '../../stream/protobuf/table.ts'
import { isFields, type Fields } from '../state/objects.ts'

/** A value that does not fit its field, in the words of Go's encoding/json. */
export class TypeMismatch extends Error {
  override readonly name = 'TypeMismatch'
}

/** Fields of a message by their JSON name; those that stand in the object itself are among them. */
const byName = new Map<string, ReadonlyMap<string, Field>>()

export function fieldsByName(message: string): ReadonlyMap<string, Field> {
  const known = byName.get(message)
  if (known !== undefined) return known
  const fields = new Map<string, Field>()
  for (const field of messages.get(message)?.values() ?? []) {
    if (field.shape === 'inline') for (const [name, inner] of fieldsByName(field.type)) fields.set(name, inner)
    else fields.set(field.name, field)
  }
  byName.set(message, fields)
  return fields
}

/** The message of a built-in kind; undefined when there is no table for it. */
export function messageOf(apiVersion: string, kind: string): string | undefined {
  if (!isKnownKind(apiVersion, kind)) return undefined
  const name = messageName(apiVersion, kind)
  return messages.has(name) ? name : undefined
}

/**
 * An object as a typed API server keeps it: fields that its kind does not have are dropped, and noted with their path.
 *
 * @throws TypeMismatch for the first value of a wrong type.
 */
export function typed(message: string, object: Fields, unknown: (path: string) => void): Fields {
  return readMessage(message, object, '', unknown, true)
}

function readMessage(
  message: string,
  object: Fields,
  path: string,
  unknown: (path: string) => void,
  isRoot = false,
): Fields {
  const fields = fieldsByName(message)
  const result: Fields = {}
  for (const [name, value] of Object.entries(object)) {
    const at = path === '' ? name : `${path}.${name}`
    const field = fields.get(name)
    if (isRoot && (name === 'apiVersion' || name === 'kind')) result[name] = value
    else if (field === undefined) unknown(at)
    else result[name] = value === null ? value : readField(message, field, value, at, unknown)
  }
  return result
}

function readField(
  struct: string,
  field: Field,
  value: unknown,
  path: string,
  unknown: (path: string) => void,
): unknown {
  const wrong = (type: string) => {
    const where = `Go struct field ${struct}.${path}`
    return new TypeMismatch(`json: cannot unmarshal ${goName(value)} into ${where} of type ${type}`)
  }
  switch (field.shape) {
    case 'list':
      if (!Array.isArray(value)) throw wrong(`[]${goType(field.type)}`)
      return value.map((item: unknown, index) => readValue(struct, field, item, `${path}[${index}]`, unknown, wrong))
    case 'map':
      if (!isFields(value)) throw wrong(`map[string]${goType(field.type)}`)
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [
          key,
          readValue(struct, field, one, `${path}.${key}`, unknown, wrong),
        ]),
      )
    default:
      return readValue(struct, field, value, path, unknown, wrong)
  }
}

type Wrong = (type: string) => TypeMismatch

function readValue(
  struct: string,
  { type }: Field,
  value: unknown,
  path: string,
  unknown: (path: string) => void,
  wrong: Wrong,
): unknown {
  if (value === null) return value
  switch (type) {
    case 'string':
    case 'Time':
    case 'MicroTime':
      if (typeof value !== 'string') throw mismatch(value, `${struct}.${path}`, type === 'string' ? 'string' : 'string')
      return value
    case 'bytes':
      if (typeof value !== 'string') throw wrong('[]uint8')
      if (!/^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(value))
        throw new TypeMismatch('illegal base64 data at input byte 0')
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw wrong('bool')
      return value
    case 'int32':
    case 'int64':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(type)
      return value
  }
  if (!messages.has(type)) return value
  if (!isFields(value)) throw wrong(goType(type))
  return readMessage(type, value, path, unknown)
}

function mismatch(value: unknown, where: string, type: string): TypeMismatch {
  return new TypeMismatch(`json: cannot unmarshal ${goName(value)} into Go struct field ${where} of type ${type}`)
}

function goName(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}

function goType(type: string): string {
  const scalars: Readonly<Record<string, string>> = {
    string: 'string',
    bool: 'bool',
    int32: 'int32',
    int64: 'int64',
    bytes: '[]uint8',
  }
  return scalars[type] ?? `v1.${type}`
}
