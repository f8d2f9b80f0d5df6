import type { Effect, RequestAttributes, ResourceRequest } from '../../src/model/request.ts'
import type { Subject } from '../../src/model/subject.ts'
import type { DecisionInput } from '../../src/policy/port.ts'

export const operator: Subject = {
  name: 'ana',
  uid: 'u-1',
  groups: ['chaperone:operators'],
  extra: {},
  authenticatedBy: 'session-token',
}

const session = { id: 's-abcdefgh', kind: 'shell', mode: 'local' } as const

const reads = ['get', 'list', 'watch']

function effectsOf(verb: string, subresource: string): Effect[] {
  if (subresource === 'proxy') return ['exec', 'stream']
  if (['exec', 'attach', 'portforward'].includes(subresource)) return ['create', 'exec', 'stream']
  if (reads.includes(verb)) return ['read']
  if (subresource === 'ephemeralcontainers') return ['write', 'exec']
  return verb === 'create' ? ['create', 'write'] : ['write']
}

/** A request as `describe` would report it: `what` is `resource[/subresource][.group]`. */
export function resourceRequest(verb: string, what: string, more: Partial<ResourceRequest> = {}): ResourceRequest {
  const [resource = '', ...group] = what.split('.')
  const [base = '', subresource = ''] = resource.split('/')
  return {
    kind: 'resource',
    verb,
    apiGroup: group.join('.'),
    apiVersion: 'v1',
    namespace: '',
    resource: base,
    subresource,
    name: '',
    fieldSelector: '',
    labelSelector: '',
    dryRun: false,
    effects: effectsOf(verb, subresource),
    path: '/',
    ...more,
  }
}

export function ask(request: RequestAttributes, more: Partial<DecisionInput> = {}): DecisionInput {
  return { subject: operator, session, request, ...more }
}
