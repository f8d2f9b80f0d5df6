import { ApiFailure, notFound } from '../failure.ts'
import { read, readFields, readText, sameJson, type KubeObject } from '../state/objects.ts'
import type { Admission, Attributes, User } from './access.ts'
import { privilegedGroup, type Authorizer } from './authorizer.ts'
import { clusterRoleBindingKey, clusterRoleKey, roleBindingKey, roleKey } from './bindings.ts'
import { quoted, ruleText, uncovered } from './escalation.ts'
import { rulesOf, type PolicyRule } from './rules.ts'

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
]

/**
 * Refuses what a user may write but not grant: roles with rights the user does not hold, bindings to such roles, and
 * objects that a patch or update would create without the right to create (ApiFailure 403).
 */
export function refuseEscalation(authorizer: Authorizer, admission: Admission): void {
  refuseHiddenCreate(authorizer, admission)
  const { key, user } = admission
  if (user.groups.includes(privilegedGroup)) return
  if (key === roleKey || key === clusterRoleKey) refuseRole(authorizer, admission)
  if (key === roleBindingKey || key === clusterRoleBindingKey) refuseBinding(authorizer, admission)
}

function refuseHiddenCreate(authorizer: Authorizer, admission: Admission): void {
  const { user, verb, old } = admission
  if (old !== undefined || verb === 'create') return
  const { allowed, reason } = authorizer.authorize(user, attributesOf(admission, 'create'))
  if (!allowed) throw refused(admission, reason)
}

function refuseRole(authorizer: Authorizer, admission: Admission): void {
  const { user, object, old } = admission
  const same = (path: string) => old !== undefined && sameJson(read(old, path), read(object, path))
  if (same('rules') && same('aggregationRule')) return
  if (authorizer.authorize(user, attributesOf(admission, 'escalate')).allowed) return
  refuseUnheld(authorizer, admission, rulesOf(object))
  if (object['aggregationRule'] === undefined) return
  const { rules } = authorizer.held(user, '')
  if (uncovered(rules, everything).length > 0) {
    throw refused(admission, 'must have cluster-admin privileges to use an aggregationRule')
  }
}

function refuseBinding(authorizer: Authorizer, admission: Admission): void {
  const { user, object, old } = admission
  const same = (path: string) => old !== undefined && sameJson(read(old, path), read(object, path))
  if (same('subjects') && same('roleRef')) return
  const roleRef = readFields(object, 'roleRef')
  const plural = readText(roleRef, 'kind') === 'Role' ? 'roles' : 'clusterroles'
  const name = readText(roleRef, 'name')
  const binding = { ...attributesOf(admission, 'bind'), resource: plural, name }
  if (authorizer.authorize(user, binding).allowed) return
  const rules = authorizer.bindings.referred(roleRef, object.metadata.namespace ?? '')
  if (rules === undefined) throw notFound({ group: binding.group, plural, kind: '' }, name)
  refuseUnheld(authorizer, admission, rules)
}

function refuseUnheld(authorizer: Authorizer, admission: Admission, wanted: readonly PolicyRule[]): void {
  const { user, object } = admission
  const { rules, problems } = authorizer.held(user, object.metadata.namespace ?? '')
  const missing = uncovered(rules, wanted)
  if (missing.length === 0) return
  const attempt = `${whose(user)} is attempting to grant RBAC permissions not currently held:`
  const unresolved = problems.length === 0 ? '' : `; resolution errors: [${problems.join(', ')}]`
  throw refused(admission, `${attempt}\n${missing.map(ruleText).sort().join('\n')}${unresolved}`)
}

const whose = ({ name, groups }: User) => `user ${JSON.stringify(name)} (groups=${quoted(groups)})`

function attributesOf({ key, version, object, subresource }: Admission, verb: string): Attributes {
  const [group = '', resource = ''] = key.split('/')
  const { name, namespace = '' } = object.metadata
  return { verb, group, version, resource, subresource, namespace, name, path: '', isResource: true }
}

/** apierrors.NewForbidden. */
function refused({ key, object }: { readonly key: string; readonly object: KubeObject }, why: string): ApiFailure {
  const [group = '', resource = ''] = key.split('/')
  const { name } = object.metadata
  const full = group === '' ? resource : `${resource}.${group}`
  return new ApiFailure(403, 'Forbidden', `${full} ${JSON.stringify(name)} is forbidden: ${why}`, {
    name,
    ...(group === '' ? {} : { group }),
    kind: resource,
  })
}
