import { isUtf8 } from 'node:buffer'
import type { JsonObject } from '../model/request.ts'
import { BACKSLASH, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace } from '../stream/json-scan.ts'
import type { MaskedFields, ResourceRef } from './fields.ts'
import { membersAt, membersOf, metadataOf, notUnderstood, type Member } from './object-bytes.ts'
import { pathsFrom } from './paths.ts'
import { replacementsIn, type Replacement } from './replacements.ts'
import type { Walk } from './walk.ts'

/** Masks objects in their bytes, touching only what is hidden. What it does not understand it leaves to the slow way. */
export class QuickMasker {
  readonly #walk: Walk

  constructor(walk: Walk) {
    this.#walk = walk
  }

  /** True when the bytes of an object of these resources hold nothing to hide, whatever it is. */
  isClean(bytes: Buffer, refs: readonly ResourceRef[]): boolean {
    const { fields } = this.#walk
    return !refs.some((ref) => fields.isLookedAt(ref)) && !fields.look.mayHold(bytes) && isUtf8(bytes)
  }

  /** What is to be replaced in one whole object, whose members may be known; undefined when that is better found out the slow way. */
  replacements(
    bytes: Buffer,
    refs: readonly ResourceRef[],
    known?: readonly Member[],
  ): readonly Replacement[] | undefined {
    try {
      const members = known ?? membersOf(bytes)
      if (isOfAnotherShape(bytes, members)) return undefined
      const own = kindOf(bytes, members, this.#walk.fields)
      const all = own === undefined ? refs : [...refs, own]
      const { fields } = this.#walk
      const inside = {
        kind: own !== undefined,
        isNamed: own !== undefined && fields.isLookedAt(own),
        plainOwners: () => plainOwners(bytes, members),
        annotations: () => metadataOf(members).some(({ key }) => key === 'annotations'),
      }
      if (fields.look.mayHoldInside(bytes, inside)) return undefined
      return replacementsIn(bytes, members, pathsFrom(all, this.#walk), this.#walk)
    } catch (thrown) {
      if (thrown === notUnderstood) return undefined
      throw thrown
    }
  }
}

/** Lists, Tables and Statuses are not objects of the resource that was asked for. */
function isOfAnotherShape(bytes: Buffer, members: readonly Member[]): boolean {
  return members.some(({ key, from, to }) => {
    if (key === 'items') return true
    return key === 'kind' && /^"(?:Table|Status)"$/.test(bytes.toString('latin1', from, to))
  })
}

/** How many owner references name a kind and hold no objects or lists; none when that takes reading. */
function plainOwners(bytes: Buffer, members: readonly Member[]): number {
  const owners = metadataOf(members).find(({ key }) => key === 'ownerReferences')
  if (owners === undefined || bytes[owners.from] !== OPEN_BRACKET) return 0
  let count = 0
  for (let at = skipSpace(bytes, owners.from + 1); bytes[at] === OPEN_BRACE; at = skipSpace(bytes, at + 1)) {
    const owner = membersAt(bytes, at)
    if (owner.members.some(({ from }) => bytes[from] === OPEN_BRACE || bytes[from] === OPEN_BRACKET)) return 0
    count += owner.members.some(({ key }) => key === 'kind') ? 1 : 0
    at = skipSpace(bytes, owner.end)
  }
  return count
}

/** The resource of the kind that the object names, as `MaskedFields` knows it. */
function kindOf(bytes: Buffer, members: readonly Member[], fields: MaskedFields): ResourceRef | undefined {
  const texts: Record<string, string> = {}
  for (const { key, from, to } of members) {
    if (key !== 'kind' && key !== 'apiVersion') continue
    if (key in texts) throw notUnderstood
    if (bytes[from] !== QUOTE) continue
    if (bytes.subarray(from, to).includes(BACKSLASH)) throw notUnderstood
    texts[key] = bytes.toString('utf8', from + 1, to - 1)
  }
  return fields.refOf(texts satisfies JsonObject)
}

/** True when a row of a Table brings an object, whose bytes were looked at with the row's. */
export function bringsObject(row: Buffer): boolean {
  try {
    return membersOf(row).some(({ key, from }) => key === 'object' && row[from] === OPEN_BRACE)
  } catch (thrown) {
    if (thrown === notUnderstood) return false
    throw thrown
  }
}
