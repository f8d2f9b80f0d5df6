import type { Store } from '../state/store.ts'
import type { Attributes, Held, User, Verdict } from './access.ts'
import { Bindings, type Given } from './bindings.ts'
import { ruleAllows } from './rules.ts'

/** Members are asked nothing (k8s.io/apiserver pkg/authentication/user SystemPrivilegedGroup). */
export const privilegedGroup = 'system:masters'

/** The RBAC authorizer over the roles and bindings of a store. */
export class Authorizer {
  readonly bindings: Bindings

  constructor(store: Store) {
    this.bindings = new Bindings(store)
  }

  authorize(user: User, attributes: Attributes): Verdict {
    if (user.groups.includes(privilegedGroup)) return { allowed: true, reason: '' }
    const problems = new Set<string>()
    for (const { rules, description, problem } of this.#given(user, attributes.namespace)) {
      if (rules.some((rule) => ruleAllows(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${description}` }
      }
      if (problem !== '') problems.add(problem)
    }
    return { allowed: false, reason: told([...problems]) }
  }

  /** The rules of a user in a namespace; with an empty namespace those of cluster role bindings only. */
  held(user: User, namespace: string): Held {
    const given = [...this.#given(user, namespace)]
    const problems = given.map(({ problem }) => problem).filter((problem) => problem !== '')
    return { rules: given.flatMap(({ rules }) => rules), problems: [...new Set(problems)] }
  }

  *#given({ name, groups }: User, namespace: string): Generator<Given> {
    const holds = (given: Given) => given.namespace === '' || given.namespace === namespace
    for (const given of this.bindings.of(`User ${name}`)) if (holds(given)) yield given
    for (const group of groups) {
      for (const given of this.bindings.of(`Group ${group}`)) if (holds(given)) yield given
    }
  }
}

function told(problems: readonly string[]): string {
  if (problems.length === 0) return ''
  return `RBAC: ${problems.length === 1 ? problems.join('') : `[${problems.join(', ')}]`}`
}
