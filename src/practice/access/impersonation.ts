import { badRequest, forbidden } from '../failure.ts'
import type { Attributes, Caller, Credentials, User, Verdict } from './access.ts'
import { accountGroups, accountOf, authenticated } from './accounts.ts'

type Authorize = (user: User, attributes: Attributes) => Verdict

/**
 * The caller after Impersonate-User, -Group, -Uid and -Extra-* (k8s.io/apiserver pkg/endpoints/filters
 * impersonation.go); each value needs the verb `impersonate`, else ApiFailure 403.
 */
export function impersonated(user: User, { headers, distinct }: Credentials, authorize: Authorize): Caller {
  const [name = ''] = distinct['impersonate-user'] ?? []
  const groups = distinct['impersonate-group'] ?? []
  const uid = headers['impersonate-uid']
  const extra = extraOf(distinct)
  if (name === '') {
    if (groups.length === 0 && uid === undefined && extra.length === 0) return { user }
    throw badRequest(`requesting uid, groups or user-extra for ${user.name} without impersonating a user`)
  }
  const asked = [
    whom(name),
    ...groups.map((group) => attributes({ resource: 'groups', name: group })),
    ...extra.flatMap(([key, values]) => values.map((value) => extraAttributes(key, value))),
    ...(typeof uid === 'string' ? [attributes({ ...authentication, resource: 'uids', name: uid })] : []),
  ]
  for (const one of asked) {
    const { allowed, reason } = authorize(user, one)
    if (!allowed) throw forbidden(user.name, one, reason)
  }
  const acting: User = {
    name,
    groups: groupsOf(name, groups),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  }
  return { user: acting, impersonator: user }
}

const authentication = { group: 'authentication.k8s.io', version: 'v1' }

const extraAttributes = (subresource: string, name: string) =>
  attributes({ ...authentication, resource: 'userextras', subresource, name })

function whom(name: string): Attributes {
  const account = accountOf(name)
  return attributes(account === undefined ? { resource: 'users', name } : { resource: 'serviceaccounts', ...account })
}

function attributes(given: Partial<Attributes>): Attributes {
  const none = { group: '', version: 'v1', resource: '', subresource: '', namespace: '', name: '', path: '' }
  return { ...none, verb: 'impersonate', isResource: true, ...given }
}

function groupsOf(name: string, given: readonly string[]): readonly string[] {
  const account = accountOf(name)
  const groups = given.length === 0 && account !== undefined ? accountGroups(account.namespace) : given
  const everyone = name === 'system:anonymous' ? 'system:unauthenticated' : authenticated
  return groups.includes(everyone) ? groups : [...groups, everyone]
}

const extraPrefix = 'impersonate-extra-'

function extraOf(distinct: Credentials['distinct']): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(distinct)
    .filter(([header, values]) => header.startsWith(extraPrefix) && values !== undefined)
    .map(([header, values = []]) => [unescaped(header.slice(extraPrefix.length)), values] as const)
}

/** A key that is no valid percent-encoding is taken as it is. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}
