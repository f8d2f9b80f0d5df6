import type { JsonValue, ResourceRequest } from '../model/request.ts'
import { isConditional, isObject, type MaskedFields } from './fields.ts'
import { matchesGlob } from './glob.ts'
import { isApply, pointerSegments } from './guard.ts'
import type { MaskPath, Overwritten } from './port.ts'

/** A key, or an element of a list: by its name, where no other has it, since lists are turned round. */
type Step = string | { readonly index: number; readonly name: JsonValue | undefined }

/**
 * True of a write that replaces more than it names, so that what is stored has to be looked at: a PUT, a server-side apply, and
 * whole values in a JSON patch (RFC 6902). A merge patch names what it takes away.
 */
export function mayLeaveOut(
  body: JsonValue,
  request: ResourceRequest,
  { fields, contentType }: { readonly fields: MaskedFields; readonly contentType: string },
): boolean {
  if (!fields.isNamed(request) || fields.pathsOf(request).every(isConditional)) return false
  if (request.verb === 'update' || isApply(contentType)) return true
  return request.verb === 'patch' && Array.isArray(body) && body.some((one: JsonValue) => replacedBy(one) !== undefined)
}

/** True when the write leaves out a value that is hidden whole and stored, so that it would be gone; also when none can tell. */
export function leavesOut(
  body: JsonValue,
  request: ResourceRequest,
  fields: MaskedFields,
  { stored, sent }: Overwritten,
): boolean {
  if (!mayLeaveOut(body, request, { fields, contentType: sent.contentType })) return false
  if (stored === undefined) return true
  const places = fields.pathsOf(request).flatMap(({ segments }) => placesIn(stored, segments))
  if (Array.isArray(body)) {
    return body.some((operation: JsonValue) => {
      const replaced = replacedBy(operation)
      return places.some((place) => replaced !== undefined && isLeftOut(replaced, place))
    })
  }
  const gone = places.filter((place) => !isThere(body, place))
  return isApply(sent.contentType)
    ? gone.some((place) => isOwned(stored, managersOf(sent.target), place))
    : gone.length > 0
}

interface Replaced {
  readonly pointer: readonly string[]
  readonly value: JsonValue
}

/** What an operation puts in the place of whatever is there. */
function replacedBy(operation: JsonValue): Replaced | undefined {
  if (!isObject(operation) || (operation['op'] !== 'add' && operation['op'] !== 'replace')) return undefined
  const { path, value } = operation
  return typeof path === 'string' && value !== undefined ? { pointer: pointerSegments(path), value } : undefined
}

function isLeftOut({ pointer, value }: Replaced, place: readonly Step[]): boolean {
  const isAbove = pointer.every((key, index) => keyOf(place[index]) === key)
  return isAbove && pointer.length < place.length && !isThere(value, place.slice(pointer.length))
}

function keyOf(step: Step | undefined): string | undefined {
  return typeof step === 'object' ? String(step.index) : step
}

/** The values that a masked path leads to. */
function placesIn(value: JsonValue | undefined, [segment, ...rest]: MaskPath): readonly (readonly Step[])[] {
  if (segment === undefined) return value === undefined || value === null ? [] : [[]]
  const inside = (step: Step, one: JsonValue) => placesIn(one, rest).map((place) => [step, ...place])
  if (Array.isArray(value)) {
    const list: readonly JsonValue[] = value
    const nameIn = (one: JsonValue) => {
      const name = nameOf(one)
      return list.filter((other) => nameOf(other) === name).length === 1 ? name : undefined
    }
    return list.flatMap((one, index) =>
      matchesGlob(segment, String(index)) ? inside({ index, name: nameIn(one) }, one) : [],
    )
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, one]) => (matchesGlob(segment, key) ? inside(key, one) : []))
}

function nameOf(element: JsonValue | undefined): JsonValue | undefined {
  return isObject(element) ? element['name'] : undefined
}

function isThere(value: JsonValue | undefined, [step, ...rest]: readonly Step[]): boolean {
  if (value === undefined || value === null) return false
  if (step === undefined) return true
  if (typeof step === 'string') return isObject(value) && isThere(value[step], rest)
  if (!Array.isArray(value)) return false
  const { index, name } = step
  const list: readonly JsonValue[] = value
  return isThere(name === undefined ? list[index] : list.find((one) => nameOf(one) === name), rest)
}

function managersOf(target: string): readonly string[] {
  return new URLSearchParams(target.split('?').slice(1).join('?')).getAll('fieldManager')
}

/**
 * A server-side apply takes away what its manager applied before and leaves out now (KEP-555): `metadata.managedFields` says what
 * that is. Elements of lists have keys of many shapes there; theirs count as applied.
 */
function isOwned(stored: JsonValue, managers: readonly string[], place: readonly Step[]): boolean {
  const metadata = isObject(stored) ? stored['metadata'] : undefined
  const entries = isObject(metadata) ? metadata['managedFields'] : undefined
  if (!Array.isArray(entries)) return false
  return entries.some((entry: JsonValue) => {
    if (!isObject(entry) || entry['operation'] !== 'Apply') return false
    return managers.some((manager) => manager === entry['manager']) && holdsPlace(entry['fieldsV1'], place)
  })
}

function holdsPlace(fieldsOf: JsonValue | undefined, [step, ...rest]: readonly Step[]): boolean {
  if (!isObject(fieldsOf)) return false
  if (step === undefined || Object.keys(fieldsOf).length === 0 || typeof step !== 'string') return true
  return holdsPlace(fieldsOf[`f:${step}`], rest)
}
