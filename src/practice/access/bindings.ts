import { readList, readText, type Fields, type KubeObject } from '../state/objects.ts'
import type { Store } from '../state/store.ts'
import { rulesOf, type PolicyRule } from './rules.ts'

const group = 'rbac.authorization.k8s.io'

export const roleKey = `${group}/roles`
export const clusterRoleKey = `${group}/clusterroles`
export const roleBindingKey = `${group}/rolebindings`
export const clusterRoleBindingKey = `${group}/clusterrolebindings`

const keys = [roleKey, clusterRoleKey, roleBindingKey, clusterRoleBindingKey]

/** What one binding gives to one subject. */
export interface Given {
  /** Where it holds; empty = everywhere. */
  readonly namespace: string
  readonly rules: readonly PolicyRule[]
  /** As the authorizer's reason names it. */
  readonly description: string
  /** Why there are no rules: the role does not exist. */
  readonly problem: string
}

/** Who a subject is: `User name` or `Group name`; a service account is the user of its name. */
type SubjectKey = `${'User' | 'Group'} ${string}`

const none: readonly Given[] = []

/** Bindings by subject, made again only after roles or bindings have changed. */
export class Bindings {
  readonly #store: Store
  #bySubject: Map<SubjectKey, Given[]> | undefined

  constructor(store: Store) {
    this.#store = store
    store.subscribe(({ key }) => {
      if (keys.includes(key)) this.#bySubject = undefined
    })
  }

  of(subject: SubjectKey): readonly Given[] {
    this.#bySubject ??= indexed(this.#store)
    return this.#bySubject.get(subject) ?? none
  }

  /** The rules of a role that a binding refers to; undefined when it does not exist. */
  referred(roleRef: Fields, namespace: string): readonly PolicyRule[] | undefined {
    const role = roleOf(this.#store, roleRef, namespace)
    return role === undefined ? undefined : rulesOf(role)
  }
}

function indexed(store: Store): Map<SubjectKey, Given[]> {
  const bySubject = new Map<SubjectKey, Given[]>()
  for (const binding of [...store.list(clusterRoleBindingKey), ...store.list(roleBindingKey)]) {
    const roleRef = binding['roleRef'] as Fields
    const role = roleOf(store, roleRef, binding.metadata.namespace ?? '')
    const rules = role === undefined ? [] : rulesOf(role)
    for (const subject of readList(binding, 'subjects')) {
      const key = subjectKey(subject)
      if (key === undefined) continue
      const given: Given = {
        namespace: binding.metadata.namespace ?? '',
        rules,
        description: described(binding, roleRef, subject),
        problem: role === undefined ? missing(roleRef) : '',
      }
      const known = bySubject.get(key)
      if (known === undefined) bySubject.set(key, [given])
      else known.push(given)
    }
  }
  return bySubject
}

function roleOf(store: Store, roleRef: unknown, namespace: string): KubeObject | undefined {
  const name = readText(roleRef, 'name')
  return readText(roleRef, 'kind') === 'Role'
    ? store.get(roleKey, namespace, name)
    : store.get(clusterRoleKey, undefined, name)
}

function subjectKey(subject: Fields): SubjectKey | undefined {
  const name = readText(subject, 'name')
  const namespace = readText(subject, 'namespace')
  switch (readText(subject, 'kind')) {
    case 'User':
      return `User ${name}`
    case 'Group':
      return `Group ${name}`
    case 'ServiceAccount':
      return namespace === '' ? undefined : `User system:serviceaccount:${namespace}:${name}`
    default:
      return undefined
  }
}

function described(binding: KubeObject, roleRef: Fields, subject: Fields): string {
  const { name, namespace } = binding.metadata
  const place = namespace === undefined ? name : `${name}/${namespace}`
  const kind = readText(subject, 'kind')
  const whom = readText(subject, 'name') + (kind === 'ServiceAccount' ? `/${readText(subject, 'namespace')}` : '')
  const role = `${readText(roleRef, 'kind')} ${JSON.stringify(readText(roleRef, 'name'))}`
  return `${binding.kind} ${JSON.stringify(place)} of ${role} to ${kind} ${JSON.stringify(whom)}`
}

function missing(roleRef: Fields): string {
  const plural = readText(roleRef, 'kind') === 'Role' ? 'role' : 'clusterrole'
  return `${plural}.${group} ${JSON.stringify(readText(roleRef, 'name'))} not found`
}
