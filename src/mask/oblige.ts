import { randomBytes } from 'node:crypto'
import type { Obligation } from '../model/decision.ts'
import { Fault } from '../model/fault.ts'
import type { ResourceRequest } from '../model/request.ts'
import { maskAnswer } from './answer.ts'
import { describeBody, holdsMasked, showJson, writesHidden } from './describe.ts'
import { conditionalFields, guardedFields, maskedFields, type MaskedFields } from './fields.ts'
import { isUnforcedApply, refusePatchReads, refuseTokens, unforcedApply } from './guard.ts'
import { isAboutRecords, recordIn, showRecord } from './helm.ts'
import { leavesOut } from './left-out.ts'
import type { Masker, MaskSet, Oblige } from './port.ts'
import { tokenMaker } from './token.ts'
import type { Walk } from './walk.ts'

/** Bytes of randomness in the tokens of one write: no two writes ever share a token. */
const NONCE_BYTES = 16

/**
 * The mask station. It hides the fields that mask sets name, in every structured answer and in the body that reviewers
 * see. What it does not do: find secrets in free text (logs, config maps, environment values), which no field names.
 *
 * `key` is secret and at least 32 bytes long: who has it can check guesses against tokens.
 */
export function makeOblige(options: {
  readonly maskSets: readonly MaskSet[]
  readonly key: Uint8Array
  /** Random bytes, `size` of them. */
  readonly random?: (size: number) => Uint8Array
}): Oblige {
  if (options.key.length < 32) throw new Fault('ERR_MASK', 'The mask key is shorter than 32 bytes.')
  const random = options.random ?? randomBytes
  // People who review are shown no value that any set hides: a write may carry some that were put back into it.
  const everything = maskedFields(options.maskSets)
  const byName = new Map(options.maskSets.map((set) => [set.name, set]))
  const compiled = new Map<string, Fields>()
  const fieldsOf = (sets: readonly MaskSet[]) => {
    const names = sets.map(({ name }) => name).join('\n')
    const fields = compiled.get(names) ?? compile(sets)
    compiled.set(names, fields)
    return fields
  }
  return (obligations, request, subject) => {
    const sets = [...new Set(obligations.map((obligation) => maskSetOf(obligation, byName)))]
    if (request.kind === 'non-resource') return plainMasker
    const { all, ...parts } = fieldsOf(sets)
    const walk = {
      fields: all,
      token: tokenMaker(tokenKey(request, options.key, random), subject.name),
      fallback: { namespace: request.namespace, name: request.name },
    }
    const masker = resourceMasker(request, walk, { everything, ...parts })
    return sets.length === 0 ? { ...plainMasker, describeBody: (body) => masker.describeBody(body) } : masker
  }
}

interface Fields {
  readonly all: MaskedFields
  /** Those that are hidden whole, and may not be written over unseen. */
  readonly guarded: MaskedFields
  /** Those of which parts are hidden on conditions. */
  readonly conditional: MaskedFields
}

function compile(sets: readonly MaskSet[]): Fields {
  return { all: maskedFields(sets), guarded: guardedFields(sets), conditional: conditionalFields(sets) }
}

/** Hides nothing; a token in a request is refused all the same, since another rule may have put it there. */
const plainMasker: Masker = {
  active: false,
  writesHidden: () => false,
  answer: (answer) => ({ body: answer.body, count: () => 0 }),
  describeBody: showJson,
  guardWrite(body) {
    refuseTokens(body)
    refuseTokens(recordIn(body) ?? null)
  },
}

/**
 * Pure reads give stable tokens. Whatever can put a guess beside a stored value gets tokens of its own: equal ones would
 * say that the guess is right.
 */
function tokenKey(request: ResourceRequest, key: Uint8Array, random: (size: number) => Uint8Array): Uint8Array {
  const isRead = ['get', 'list', 'watch'].includes(request.verb)
  return isRead ? key : Buffer.concat([key, random(NONCE_BYTES)])
}

function maskSetOf(obligation: Obligation, known: ReadonlyMap<string, MaskSet>): MaskSet {
  if (obligation.kind !== 'mask') {
    throw new Fault('ERR_MASK', `Chaperone cannot meet the obligation "${obligation.kind}", so the request is refused.`)
  }
  const set = known.get(obligation.maskSet)
  if (set === undefined)
    throw new Fault('ERR_MASK', `The policy has no mask set ${JSON.stringify(obligation.maskSet)}.`)
  return set
}

function resourceMasker(
  request: ResourceRequest,
  walk: Omit<Walk, 'hidden' | 'encodeTokens' | 'trustKinds'> & { readonly fields: MaskedFields },
  { everything, guarded, conditional }: Omit<Fields, 'all'> & { readonly everything: MaskedFields },
): Masker {
  const shown = { ...walk, encodeTokens: false, trustKinds: false, hidden: () => undefined }
  const isLog = request.subresource === 'log'
  const records = isAboutRecords(request) ? { record: showRecord } : {}
  return {
    active: !isLog,
    answer: (answer) =>
      isLog
        ? { body: answer.body, count: () => 0 }
        : maskAnswer(answer, request, { ...walk, ...records, encodeTokens: true, trustKinds: true }),
    describeBody: (body) => describeBody(body, request, { ...shown, fields: everything }),
    writesHidden: (body, over) =>
      writesHidden(body, request, { ...shown, fields: guarded }) ||
      (over !== undefined && leavesOut(body, request, guarded, over)),
    guardWrite(body, sent) {
      refuseTokens(body)
      refuseTokens(recordIn(body) ?? null)
      refusePatchReads(body, walk.fields, request, (operation) => holdsMasked([operation], request, shown))
      // What is hidden whole waits for a look before it is written.
      const guesses = { ...shown, fields: conditional }
      if (isUnforcedApply(sent) && holdsMasked(body, request, guesses)) throw unforcedApply()
    },
  }
}
