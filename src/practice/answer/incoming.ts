import { badRequest } from '../failure.ts'
import { groupVersion } from '../resources/resource.ts'
import { isFields, type KubeObject } from '../state/objects.ts'
import { incomingMetadata } from './metadata.ts'
import type { Route } from './route.ts'

/** A decoded body as an object of the route's kind and namespace; 400 when they contradict each other. */
export function incomingObject(body: unknown, route: Route): KubeObject {
  const { resource, namespace } = route
  if (!isFields(body)) throw badRequest('the request body must be an object')
  const expected = groupVersion(resource)
  const { kind = resource.kind, apiVersion = expected } = body
  if (kind !== resource.kind || apiVersion !== expected) {
    const given = `${String(kind)} in version "${String(apiVersion)}"`
    throw badRequest(
      `${given} cannot be handled as a ${resource.kind}: it does not match ${resource.kind} of ${expected}`,
    )
  }
  return {
    ...body,
    apiVersion: expected,
    kind: resource.kind,
    metadata: incomingMetadata(body['metadata'] ?? {}, namespace),
  }
}
