import { badRequest, invalid, type Cause } from '../failure.ts'
import { isFields, read, readFields, readText, readTexts, type Fields } from '../state/objects.ts'
import type { Access, Attributes, User } from './access.ts'
import { ownAudiences } from './authentication.ts'
import { ruleFields } from './rules.ts'

/** A question of authorization.k8s.io or authentication.k8s.io with its answer in `status`. */
export function review(kind: string, body: Fields, user: User, access: Access, namespace: string | undefined): Fields {
  const status = statusOf(kind, body, user, access, namespace)
  const metadata = { creationTimestamp: null, ...(namespace === undefined ? {} : { namespace }) }
  return { ...body, kind, metadata, status }
}

function statusOf(kind: string, body: Fields, user: User, access: Access, namespace: string | undefined): Fields {
  switch (kind) {
    case 'SelfSubjectRulesReview':
      return rulesStatus(body, user, access)
    case 'SelfSubjectReview':
      return { userInfo: userInfo(user) }
    case 'TokenReview':
      return tokenStatus(body, access)
    case 'SelfSubjectAccessReview':
      refuse(scopeCauses(body, namespace))
      return accessStatus(body, user, access)
    default:
      refuse([...scopeCauses(body, namespace), ...subjectCauses(body)])
      return accessStatus(body, subjectOf(body), access)
  }
}

const userInfo = ({ name, uid, groups, extra }: User): Fields => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
})

function subjectOf(body: Fields): User {
  const uid = readText(body, 'spec.uid')
  const given = Object.keys(readFields(body, 'spec.extra')).map((key) => {
    return [key.toLowerCase(), readTexts(readFields(body, 'spec.extra'), key)] as const
  })
  return {
    name: readText(body, 'spec.user'),
    groups: readTexts(body, 'spec.groups'),
    ...(uid === '' ? {} : { uid }),
    ...(given.length === 0 ? {} : { extra: Object.fromEntries(given) }),
  }
}

function accessStatus(body: Fields, user: User, access: Access): Fields {
  const resource = read(body, 'spec.resourceAttributes')
  const asked = isFields(resource)
    ? resourceAttributes(resource)
    : pathAttributes(readFields(body, 'spec.nonResourceAttributes'))
  const { allowed, reason } = access.authorize(user, asked)
  return { allowed, ...(reason === '' ? {} : { reason }) }
}

const wrong = (field: string, value: string, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${value}: ${why}`,
})

/** Exactly one kind of attributes, and those of a LocalSubjectAccessReview in its own namespace. */
function scopeCauses(body: Fields, namespace: string | undefined): readonly Cause[] {
  const resource = read(body, 'spec.resourceAttributes')
  const path = read(body, 'spec.nonResourceAttributes')
  if (isFields(resource) && isFields(path)) {
    const value = `authorization.NonResourceAttributes{Path:${quote(path, 'path')}, Verb:${quote(path, 'verb')}}`
    return [wrong('spec.nonResourceAttributes', value, 'cannot be specified in combination with resourceAttributes')]
  }
  if (!isFields(resource) && !isFields(path)) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    return [wrong('spec.resourceAttributes', '"null"', why)]
  }
  if (namespace === undefined) return []
  if (!isFields(resource)) {
    const why = 'disallowed on this kind of request'
    return [wrong('spec.nonResourceAttributes', JSON.stringify(path), why)]
  }
  if (readText(resource, 'namespace') === namespace) return []
  return [wrong('spec.resourceAttributes.namespace', quote(resource, 'namespace'), 'must match metadata.namespace')]
}

const quote = (fields: Fields, member: string) => JSON.stringify(readText(fields, member))

function subjectCauses(body: Fields): readonly Cause[] {
  if (readText(body, 'spec.user') !== '' || readTexts(body, 'spec.groups').length > 0) return []
  return [wrong('spec.user', '""', 'at least one of user or group must be specified')]
}

/** The API server leaves the kind out of these answers. */
function refuse(causes: readonly Cause[]): void {
  if (causes.length > 0) throw invalid({ group: 'authorization.k8s.io', plural: '', kind: '' }, '', causes)
}

const empty = { verb: '', group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path: '' }

function resourceAttributes(given: Fields): Attributes {
  const text = (field: string) => readText(given, field)
  return {
    ...empty,
    verb: text('verb'),
    group: text('group'),
    version: text('version'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
    isResource: true,
  }
}

const pathAttributes = (given: Fields): Attributes => ({
  ...empty,
  verb: readText(given, 'verb'),
  path: readText(given, 'path'),
  isResource: false,
})

function rulesStatus(body: Fields, user: User, access: Access): Fields {
  const namespace = readText(body, 'spec.namespace')
  if (namespace === '') throw badRequest('no namespace on request')
  const { rules, problems } = access.held(user, namespace)
  return {
    resourceRules: rules.filter(({ resources }) => resources.length > 0).map(ruleFields),
    nonResourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs.length > 0).map(ruleFields),
    incomplete: problems.length > 0,
    ...(problems.length === 0 ? {} : { evaluationError: problems.join(', ') }),
  }
}

function tokenStatus(body: Fields, access: Access): Fields {
  const token = readText(body, 'spec.token')
  if (token === '') throw badRequest('token is required for TokenReview in authentication')
  const audiences = readTexts(body, 'spec.audiences')
  const holder = access.holder(token, audiences.length === 0 ? ownAudiences : audiences)
  if (typeof holder === 'string') return { user: {}, error: holder }
  return { authenticated: true, user: userInfo(holder.user), audiences: holder.audiences }
}
