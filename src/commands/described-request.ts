import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import type { JsonValue } from '../model/request.ts'
import type { Subject } from '../model/subject.ts'
import type { DecisionInput } from '../policy/port.ts'
import { describe } from '../request/attributes.ts'
import { parseTarget } from '../request/target.ts'

const verbMethods = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  apply: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
} as const

/** A request in a few words, as people write it in a test of a policy. */
export const describedRequest = z
  .strictObject({
    verb: z
      .enum(Object.keys(verbMethods) as (keyof typeof verbMethods)[])
      .describe('As in RBAC; apply is server-side.'),
    resource: z
      .string()
      .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)?$/, 'is not a resource like pods or pods/exec')
      .optional()
      .describe('Like pods, deployments or pods/exec.'),
    apiGroup: z.string().default(''),
    namespace: z.string().default(''),
    name: z.string().default(''),
    path: z.string().startsWith('/').optional().describe('A non-resource path, instead of a resource.'),
    dryRun: z.boolean().default(false),
    object: z.json().optional().describe('The body of the request.'),
    oldObject: z.json().optional().describe('What is stored under its name; null = nothing.'),
  })
  .refine(({ resource, path }) => (resource === undefined) !== (path === undefined), 'has either a resource or a path')

export const describedSubject = z.strictObject({
  name: z.string().min(1).default('someone'),
  groups: z.array(z.string()).default([]),
  onBehalfOf: z.string().min(1).optional(),
})

type DescribedRequest = z.infer<typeof describedRequest>

/**
 * What the policy would be asked for such a request, by the very rules that live requests are described by.
 *
 * @throws Fault ERR_TARGET when no such request can be made.
 */
export function inputOf(subject: z.infer<typeof describedSubject>, asked: DescribedRequest): DecisionInput {
  const contentType = asked.verb === 'apply' ? 'application/apply-patch+yaml' : 'application/json'
  const request = describe(verbMethods[asked.verb], parseTarget(targetOf(asked)), contentType)
  const stated = asked.verb === 'apply' ? 'patch' : asked.verb
  const isConnect = request.kind === 'resource' && request.subresource !== ''
  if (asked.path === undefined && request.verb !== stated && !isConnect) {
    throw new Fault('ERR_USAGE', `No request is ${asked.verb} like this: it would be ${request.verb || 'none'}.`, {
      advice: 'get, update, patch and delete want a name; list, watch, create and deletecollection have none.',
    })
  }
  const object = asked.object as JsonValue | undefined
  return {
    subject: subjectOf(subject),
    session: describedSession,
    request,
    ...(object === undefined ? {} : { object }),
    ...(asked.oldObject === undefined ? {} : { oldObject: asked.oldObject }),
  }
}

/** Rules may look at the session too; a described request has an ordinary one. */
export const describedSession = { id: 's-described', kind: 'shell', mode: 'local' } as const

export function subjectOf({ name, groups, onBehalfOf }: z.infer<typeof describedSubject>): Subject {
  const base = { name, uid: '', groups, extra: {}, authenticatedBy: 'session-token' } as const
  return onBehalfOf === undefined ? base : { ...base, onBehalfOf }
}

function targetOf({ verb, resource = '', apiGroup, namespace, name, path, dryRun }: DescribedRequest): string {
  if (path !== undefined) return path
  const [base = '', subresource] = resource.split('/')
  const root = apiGroup === '' ? '/api/v1' : `/apis/${encodeURIComponent(apiGroup)}/v1`
  const within = namespace === '' || base === 'namespaces' ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  const named = name === '' && subresource !== undefined ? 'any' : name
  const object = named === '' ? '' : `/${encodeURIComponent(named)}`
  const query = [verb === 'watch' ? 'watch=1' : '', dryRun ? 'dryRun=All' : ''].filter((part) => part !== '').join('&')
  const below = subresource === undefined ? '' : `/${subresource}`
  return `${root}${within}/${base}${object}${below}${query === '' ? '' : `?${query}`}`
}
