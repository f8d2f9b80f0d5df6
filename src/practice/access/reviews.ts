import { badRequest, invalid } from '../failure.ts'
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
      return accessStatus(kind, body, user, access)
    default:
      return accessStatus(kind, body, subjectOf(kind, body), access, namespace)
  }
}

const userInfo = ({ name, uid, groups, extra }: User): Fields => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
})

function subjectOf(kind: string, body: Fields): User {
  const name = readText(body, 'spec.user')
  const groups = readTexts(body, 'spec.groups')
  if (name === '' && groups.length === 0) {
    throw invalid({ group: 'authorization.k8s.io', plural: '', kind }, '', [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.user',
        message: 'Invalid value: "": at least one of user or group must be specified',
      },
    ])
  }
  return { name, groups }
}

function accessStatus(kind: string, body: Fields, user: User, access: Access, namespace?: string): Fields {
  const resource = read(body, 'spec.resourceAttributes')
  const path = read(body, 'spec.nonResourceAttributes')
  if (isFields(resource) === isFields(path)) {
    const both = isFields(resource)
      ? 'cannot be specified in combination with resourceAttributes'
      : 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    throw invalid({ group: 'authorization.k8s.io', plural: '', kind }, '', [
      {
        reason: 'FieldValueInvalid',
        field: isFields(resource) ? 'spec.nonResourceAttributes' : 'spec.resourceAttributes',
        message: `Invalid value: ${isFields(resource) ? '""' : 'null'}: ${both}`,
      },
    ])
  }
  const asked = isFields(resource)
    ? resourceAttributes(resource)
    : pathAttributes(readFields(body, 'spec.nonResourceAttributes'))
  if (namespace !== undefined && asked.namespace !== namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`)
  }
  const { allowed, reason } = access.authorize(user, asked)
  return { allowed, ...(reason === '' ? {} : { reason }) }
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
