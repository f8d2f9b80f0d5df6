import { Fault } from '../model/fault.ts'
import type { JsonValue, ResourceRequest } from '../model/request.ts'
import { encodeJson, parseJson } from '../stream/json.ts'
import type { Budget, Holding } from './budget.ts'
import { isObject, refOfKind, type ResourceRef } from './fields.ts'
import { readFrames, readWhole } from './frames.ts'
import type { Answer, MaskedAnswer } from './port.ts'
import { neutralStatus } from './status.ts'
import { TableMasker } from './table.ts'
import { maskObject, type Walk } from './walk.ts'

const newline = Uint8Array.of(0x0a)

/** Masks one answer: a whole JSON value, or a watch event on each line. Throws ERR_MASK when it is not JSON. */
export function maskAnswer(
  answer: Answer,
  request: ResourceRequest,
  walk: Omit<Walk, 'hidden'>,
  budget: Budget,
): MaskedAnswer {
  let count = 0
  const shape = new AnswerMasker(request, { ...walk, hidden: () => count++ })
  assertJson(answer.contentType)
  const isNamed = walk.fields.isNamed(request)
  const isClean = (bytes: Uint8Array) => !isNamed && !walk.fields.mayHold(bytes)
  const body = isWatch(answer, request)
    ? maskLines(answer.body, isClean, (value) => shape.event(value))
    : maskWhole(answer.body, budget.hold(), isClean, (value) =>
        answer.statusCode < 400 ? shape.top(value) : shape.failure(value),
      )
  return { body, count: () => count }
}

function isWatch(answer: Answer, request: ResourceRequest): boolean {
  return request.verb === 'watch' && answer.statusCode < 400
}

async function* maskWhole(
  body: Answer['body'],
  holding: Holding,
  isClean: (bytes: Uint8Array) => boolean,
  mask: (value: JsonValue) => JsonValue,
): AsyncIterable<Uint8Array> {
  try {
    const bytes = await readWhole(body, holding)
    if (bytes.length === 0) return
    if (isClean(bytes)) {
      yield bytes
      return
    }
    yield Buffer.concat([encodeJson(mask(read(bytes))), newline])
  } finally {
    holding.release()
  }
}

async function* maskLines(
  body: Answer['body'],
  isClean: (bytes: Uint8Array) => boolean,
  mask: (value: JsonValue) => JsonValue,
): AsyncIterable<Uint8Array> {
  for await (const line of readFrames(body)) {
    if (isClean(line)) yield Buffer.concat([line, newline])
    else yield Buffer.concat([encodeJson(mask(read(line))), newline])
  }
}

function read(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes)
  } catch (cause) {
    throw new Fault('ERR_MASK', 'The answer of the API server is not JSON that can be read, so it cannot be masked.', {
      advice: 'Nothing of it was passed on.',
      cause,
    })
  }
}

function assertJson(contentType: string): void {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json' || type === '') return
  throw new Fault('ERR_MASK', `The API server answered with ${JSON.stringify(type)}, which cannot be masked.`, {
    advice: 'Ask for JSON; nothing of the answer was passed on.',
  })
}

/** The shapes in which an API server sends objects. */
class AnswerMasker {
  readonly #request: ResourceRequest
  readonly #ref: ResourceRef
  readonly #walk: Walk
  readonly #tables: TableMasker

  constructor(request: ResourceRequest, walk: Walk) {
    this.#request = request
    this.#ref = { apiGroup: request.apiGroup, resource: request.resource }
    this.#walk = walk
    this.#tables = new TableMasker(this.#ref, walk)
  }

  /** One line of a watch (metav1.WatchEvent). */
  event(value: JsonValue): JsonValue {
    if (!isObject(value) || typeof value['type'] !== 'string' || value['object'] === undefined) {
      throw new Fault('ERR_MASK', 'The API server sent a line that is not a watch event, so it cannot be masked.')
    }
    return { ...value, object: this.top(value['object']) }
  }

  /** The body of a failed request. */
  failure(value: JsonValue): JsonValue {
    const isStatus = isObject(value) && value['kind'] === 'Status'
    if (isStatus || !this.#walk.fields.isNamed(this.#ref)) return this.top(value)
    throw new Fault(
      'ERR_MASK',
      'The API server refused the request with something that is not a Status, so it cannot be masked.',
    )
  }

  /** A Status, a Table, a list whose items name no kind, or one object. */
  top(value: JsonValue): JsonValue {
    if (!isObject(value)) return maskObject(value, [this.#ref], this.#walk)
    const { kind } = value
    if (kind === 'Status' && this.#walk.fields.isNamed(this.#ref)) return neutralStatus(value, this.#request)
    if (kind === 'Table') return this.#tables.mask(value)
    const items = value['items']
    if (!Array.isArray(items)) return maskObject(value, [this.#ref], this.#walk)
    const refs = [this.#ref, ...itemRefs(value)]
    const masked = maskObject({ ...value, items: [] }, [this.#ref], this.#walk)
    return { ...(masked as object), items: items.map((item: JsonValue) => maskObject(item, refs, this.#walk)) }
  }
}

/** `SecretList` → secrets. */
function itemRefs(list: { readonly [key: string]: JsonValue }): ResourceRef[] {
  const { kind } = list
  if (typeof kind !== 'string' || !kind.endsWith('List')) return []
  const ref = refOfKind({ ...list, kind: kind.slice(0, -'List'.length) })
  return ref === undefined ? [] : [ref]
}
