import type { Cause } from '../failure.ts'
import { read, readList, readText, sameJson, type KubeObject } from '../state/objects.ts'
import { age, column, createdAt, name, wide } from './columns.ts'
import { required } from './podspec.ts'
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

function validateBinding(binding: KubeObject, old?: KubeObject): Cause[] {
  if (readText(binding, 'roleRef.name') === '') return [required('roleRef.name')]
  if (old === undefined || sameJson(old['roleRef'], binding['roleRef'])) return []
  const value = JSON.stringify(read(binding, 'roleRef'))
  return [{ reason: 'FieldValueInvalid', field: 'roleRef', message: `Invalid value: ${value}: cannot change roleRef` }]
}

export const roles = resource({ group, plural: 'roles', kind: 'Role', columns: [name, createdAt] })

export const roleBindings = resource({
  group,
  plural: 'rolebindings',
  kind: 'RoleBinding',
  columns: bindingColumns,
  validate: validateBinding,
})

export const clusterRoles = resource({
  group,
  plural: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
  columns: [name, createdAt],
})

export const clusterRoleBindings = resource({
  group,
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
  columns: bindingColumns,
  validate: validateBinding,
})
