import type { Cause } from '../failure.ts'
import { readFields, readList, readText, readTexts, sameJson, type Fields, type KubeObject } from '../state/objects.ts'
import { age, column, createdAt, name, wide } from './columns.ts'
import { resource } from './resource.ts'

const group = 'rbac.authorization.k8s.io'

const subjects = (kind: string) => (binding: KubeObject) =>
  readList(binding, 'subjects')
    .filter((subject) => subject['kind'] === kind)
    .map(
      (subject) => (kind === 'ServiceAccount' ? `${readText(subject, 'namespace')}/` : '') + readText(subject, 'name'),
    )
    .join(', ')

const bindingColumns = [
  name,
  column('Role', (binding) => `${readText(binding, 'roleRef.kind')}/${readText(binding, 'roleRef.name')}`),
  age,
  wide('Users', subjects('User')),
  wide('Groups', subjects('Group')),
  wide('ServiceAccounts', subjects('ServiceAccount')),
]

/** Subjects and roles are of this API group unless they say otherwise (pkg/apis/rbac/v1 defaults.go). */
function completeBinding(binding: KubeObject): KubeObject {
  const roleRef = { apiGroup: group, ...readFields(binding, 'roleRef') }
  if (binding['subjects'] === undefined) return { ...binding, roleRef }
  const subjects = readList(binding, 'subjects').map((subject) =>
    subject['kind'] === 'ServiceAccount' ? subject : { apiGroup: group, ...subject },
  )
  return { ...binding, roleRef, subjects }
}

const quoted = (values: readonly string[]) => values.map((value) => JSON.stringify(value)).join(', ')

const missing = (field: string, why = ''): Cause => ({
  reason: 'FieldValueRequired',
  field,
  message: `Required value${why === '' ? '' : `: ${why}`}`,
})

function oneOf(object: unknown, field: string, supported: readonly string[]): readonly Cause[] {
  const value = readText(object, field.split('.').at(-1) ?? '')
  if (supported.includes(value)) return []
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${quoted(supported)}`
  return [{ reason: 'FieldValueNotSupported', field, message }]
}

function subjectCauses(subject: Fields, at: string): readonly Cause[] {
  const isAccount = subject['kind'] === 'ServiceAccount'
  const known = ['ServiceAccount', 'User', 'Group'].includes(readText(subject, 'kind'))
  return [
    ...(readText(subject, 'name') === '' ? [missing(`${at}.name`)] : []),
    ...(known ? oneOf(subject, `${at}.apiGroup`, isAccount ? ['', group] : [group]) : []),
    ...oneOf(subject, `${at}.kind`, ['ServiceAccount', 'User', 'Group']),
    ...(isAccount && readText(subject, 'namespace') === '' ? [missing(`${at}.namespace`)] : []),
  ]
}

function validateBinding(binding: KubeObject, old?: KubeObject): readonly Cause[] {
  const roleRef = readFields(binding, 'roleRef')
  const kinds = binding.metadata.namespace === undefined ? ['ClusterRole'] : ['Role', 'ClusterRole']
  return [
    ...oneOf(roleRef, 'roleRef.apiGroup', [group]),
    ...oneOf(roleRef, 'roleRef.kind', kinds),
    ...(readText(roleRef, 'name') === '' ? [missing('roleRef.name')] : []),
    ...readList(binding, 'subjects').flatMap((subject, index) => subjectCauses(subject, `subjects[${index}]`)),
    ...(old === undefined || sameJson(old['roleRef'], binding['roleRef']) ? [] : [changedRole(roleRef)]),
  ]
}

function changedRole(roleRef: Fields): Cause {
  const value = (field: string) => JSON.stringify(readText(roleRef, field))
  const written = `rbac.RoleRef{APIGroup:${value('apiGroup')}, Kind:${value('kind')}, Name:${value('name')}}`
  return { reason: 'FieldValueInvalid', field: 'roleRef', message: `Invalid value: ${written}: cannot change roleRef` }
}

function validateRole(role: KubeObject): readonly Cause[] {
  const isNamespaced = role.metadata.namespace !== undefined
  return readList(role, 'rules').flatMap((rule, index) => ruleCauses(rule, `rules[${index}]`, isNamespaced))
}

function ruleCauses(rule: Fields, at: string, isNamespaced: boolean): readonly Cause[] {
  const has = (field: string) => readTexts(rule, field).length > 0
  const verbs = has('verbs') ? [] : [missing(`${at}.verbs`, 'verbs must contain at least one value')]
  if (has('nonResourceURLs')) {
    const mixed = has('apiGroups') || has('resources') || has('resourceNames')
    const why = isNamespaced
      ? 'namespaced rules cannot apply to non-resource URLs'
      : 'rules cannot apply to both regular resources and non-resource URLs'
    const value = `[]string{${quoted(readTexts(rule, 'nonResourceURLs'))}}`
    const field = `${at}.nonResourceURLs`
    if (!isNamespaced && !mixed) return verbs
    return [...verbs, { reason: 'FieldValueInvalid', field, message: `Invalid value: ${value}: ${why}` }]
  }
  return [
    ...verbs,
    ...(has('apiGroups') ? [] : [missing(`${at}.apiGroups`, 'resource rules must supply at least one api group')]),
    ...(has('resources') ? [] : [missing(`${at}.resources`, 'resource rules must supply at least one resource')]),
  ]
}

export const roles = resource({
  group,
  plural: 'roles',
  kind: 'Role',
  columns: [name, createdAt],
  validate: validateRole,
})

export const roleBindings = resource({
  group,
  plural: 'rolebindings',
  kind: 'RoleBinding',
  columns: bindingColumns,
  complete: completeBinding,
  validate: validateBinding,
})

export const clusterRoles = resource({
  group,
  plural: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
  columns: [name, createdAt],
  validate: validateRole,
})

export const clusterRoleBindings = resource({
  group,
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
  columns: bindingColumns,
  complete: completeBinding,
  validate: validateBinding,
})
