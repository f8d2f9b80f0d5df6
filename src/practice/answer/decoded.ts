import { shaped } from '../custom/prune.ts'
import { badRequest } from '../failure.ts'
import { groupVersion } from '../resources/resource.ts'
import { messageOf, typed, TypeMismatch } from '../schema/typed.ts'
import { isFields, type Fields } from '../state/objects.ts'
import type { Call } from './answer.ts'
import { decodeObject } from './body.ts'
import type { Route } from './route.ts'

/** The body of a create or update as an object of the route's kind (see {@link checkedFields}). */
export function decodedObject(call: Call, route: Route): unknown {
  const duplicates: string[] = []
  const body = decodeObject(call.contentType, call.body, route, (path) => duplicates.push(path))
  return checkedFields(call, route, body, duplicates)
}

/**
 * The object without the fields that its kind does not have. What is not known or comes twice is refused, told in
 * warnings or passed over, as `fieldValidation` asks (KEP-2885).
 */
export function checkedFields(call: Call, route: Route, body: unknown, duplicates: readonly string[] = []): unknown {
  if (!isFields(body) || !isOfKind(body, route)) return body
  const unknown: string[] = []
  const object = known(route, body, (path) => unknown.push(path))
  const asked = call.target.query.first('fieldValidation') || 'Warn'
  if (asked !== 'Warn' && asked !== 'Ignore' && asked !== 'Strict') {
    throw badRequest(`Invalid value: ${JSON.stringify(asked)}: fieldValidation must be Ignore, Warn or Strict`)
  }
  const problems = [
    ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ]
  if (asked === 'Warn') call.warnings.push(...problems)
  if (asked === 'Strict' && problems.length > 0) throw unhandled(route, `strict decoding error: ${problems.join(', ')}`)
  return object
}

/** An object of another kind is refused for that, later and in other words. */
function isOfKind(body: Fields, { resource }: Route): boolean {
  const { kind = resource.kind, apiVersion = groupVersion(resource) } = body
  return kind === resource.kind && apiVersion === groupVersion(resource)
}

function known(route: Route, body: Fields, unknown: (path: string) => void): unknown {
  const { resource } = route
  if (resource.custom !== undefined) return shaped(body, resource.custom.schema, '', unknown)
  const message = messageOf(groupVersion(resource), resource.kind)
  if (message === undefined) return body
  try {
    return typed(message, body, unknown)
  } catch (thrown) {
    if (!(thrown instanceof TypeMismatch)) throw thrown
    throw unhandled(route, thrown.message)
  }
}

function unhandled({ resource: { kind, version } }: Route, problem: string) {
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${problem}`)
}
