import { Fault } from '../model/fault.ts'

const MAX_NAME = 256
const MAX_GROUPS = 256
/** Names of the cluster itself and of Chaperone's own roles. */
const reservedPrefix = /^(system|chaperone):/i
/** What a person could not see, or see wrongly (Unicode categories Cc, Cf, Zl, Zp, Cs and private use). */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u

/**
 * Refuses a user or group name that no outside issuer may give: a reserved one that is not listed in `allowed`, an empty
 * or long one, or one that would not be shown as it is. Throws ERR_UNAUTHENTICATED.
 */
export function assertName(kind: 'user' | 'group', name: string, allowed: readonly string[]): void {
  const shown = JSON.stringify(name.slice(0, MAX_NAME))
  if (name.trim() === '' || name !== name.trim() || name.length > MAX_NAME || deceptive.test(name)) {
    throw new Fault('ERR_UNAUTHENTICATED', `${shown} cannot be the name of a ${kind}.`, {
      advice: 'Map another claim to it.',
    })
  }
  if (reservedPrefix.test(name) && !allowed.some((pattern) => covers(pattern, name))) {
    throw new Fault(
      'ERR_UNAUTHENTICATED',
      `The ${kind} ${shown} is reserved, and the configuration does not list it.`,
      {
        advice: 'Put a prefix before it, or list it under reservedNames.',
      },
    )
  }
}

/** The groups of a claim or an expression: a text, a list of texts, or nothing. Throws ERR_UNAUTHENTICATED. */
export function groupsOf(value: unknown, prefix: string, allowed: readonly string[]): readonly string[] {
  if (value === undefined || value === null || value === '') return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length > MAX_GROUPS) throw refused(`The token names more than ${MAX_GROUPS} groups.`)
  const groups = list.map((group) => {
    if (typeof group !== 'string') throw refused('The groups of the token are neither a text nor a list of texts.')
    const name = prefix + group
    assertName('group', name, allowed)
    return name
  })
  return [...new Set(groups)]
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function refused(message: string): Fault {
  return new Fault('ERR_UNAUTHENTICATED', message, { advice: 'Map another claim to the groups.' })
}
