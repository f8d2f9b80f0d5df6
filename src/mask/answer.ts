import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue, ResourceRequest } from '../model/request.ts'
import { encodeJson, parseJson } from '../stream/json.ts'
import { splitDocument, tailMembers, type Part } from './document.ts'
import { isObject, type ResourceRef } from './fields.ts'
import { readFrames } from './frames.ts'
import { membersOf, notUnderstood, type Member } from './object-bytes.ts'
import type { Answer, MaskedAnswer } from './port.ts'
import { bringsObject, QuickMasker } from './quick.ts'
import type { Replacement } from './replacements.ts'
import { itemRefs, notAStatus, ValueMasker } from './values.ts'
import { maskObject, type Walk } from './walk.ts'

/** Pieces of a list, usually of 64 KiB. */
const LOOKS_SKIPPED = 16
const newline = Uint8Array.of(0x0a)

/** Masks one answer: a JSON document, or a watch event on each line. Throws ERR_MASK when it is neither. */
export function maskAnswer(answer: Answer, request: ResourceRequest, walk: Omit<Walk, 'hidden'>): MaskedAnswer {
  let count = 0
  assertJson(answer.contentType)
  const masker = new AnswerMasker(request, { ...walk, hidden: () => count++ })
  const isFailure = answer.statusCode >= 400
  const isWatch = request.verb === 'watch' && !isFailure
  return { body: isWatch ? masker.events(answer.body) : masker.document(answer.body, isFailure), count: () => count }
}

function assertJson(contentType: string): void {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json' || type === '') return
  throw new Fault('ERR_MASK', `The API server answered with ${JSON.stringify(type)}, which cannot be masked.`, {
    advice: 'Ask for JSON; nothing of the answer was passed on.',
  })
}

function read(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes)
  } catch (cause) {
    throw new Fault('ERR_MASK', 'The answer of the API server is not JSON that can be read, so it cannot be masked.', {
      advice: 'What could not be read was not passed on.',
      cause,
    })
  }
}

/** The list that the elements of a document are of. */
interface List {
  readonly refs: readonly ResourceRef[]
  readonly isTable: boolean
  readonly keys: ReadonlySet<string>
}

/** The shapes in which an API server sends objects. */
class AnswerMasker {
  readonly #ref: ResourceRef
  readonly #walk: Walk
  readonly #values: ValueMasker
  readonly #quick: QuickMasker
  #skipLooks = 0

  constructor(request: ResourceRequest, walk: Walk) {
    this.#ref = { apiGroup: request.apiGroup, resource: request.resource }
    this.#walk = walk
    this.#values = new ValueMasker(request, walk)
    this.#quick = new QuickMasker(walk)
  }

  /** The lines of a watch (metav1.WatchEvent). */
  async *events(body: Answer['body']): AsyncIterable<Uint8Array> {
    for await (const line of readFrames(body)) yield Buffer.concat([...this.#event(Buffer.from(line)), newline])
  }

  /** Any other answer. */
  async *document(body: Answer['body'], isFailure: boolean): AsyncIterable<Uint8Array> {
    let list: List = { refs: [], isTable: false, keys: new Set() }
    for await (const part of splitDocument(body)) {
      if (part.kind === 'whole') {
        yield* isFailure ? this.#failure(part.bytes) : this.#whole(part.bytes)
        continue
      }
      if (isFailure) throw notAStatus()
      if (part.kind === 'head') list = this.#listOf(part)
      const pieces = this.#piecesOf(part, list)
      yield pieces.length === 1 ? (pieces[0] ?? part.bytes) : Buffer.concat(pieces)
    }
  }

  #piecesOf(part: Exclude<Part, { kind: 'whole' }>, list: List): Uint8Array[] {
    switch (part.kind) {
      case 'head':
        return this.#head(part.bytes)
      case 'elements':
        return this.#elements(part, list)
      case 'tail':
        return this.#tail(part.bytes, list)
    }
  }

  #event(line: Buffer): Uint8Array[] {
    const object = eventObject(line)
    if (object !== undefined) {
      const bytes = line.subarray(object.from, object.to)
      if (this.#quick.isClean(line, [this.#ref])) return [line]
      const found = this.#quick.replacements(bytes, [this.#ref])
      if (found !== undefined)
        return [line.subarray(0, object.from), ...spliced(bytes, found), line.subarray(object.to)]
    }
    return [encodeJson(this.#values.event(read(line)))]
  }

  *#whole(bytes: Buffer): Generator<Uint8Array> {
    if (bytes.length === 0) return
    const found = this.#quick.replacements(bytes, [this.#ref])
    yield found === undefined
      ? Buffer.concat([encodeJson(this.#values.top(read(bytes))), newline])
      : Buffer.concat(spliced(bytes, found))
  }

  *#failure(bytes: Buffer): Generator<Uint8Array> {
    if (bytes.length > 0) yield Buffer.concat([encodeJson(this.#values.failure(read(bytes))), newline])
  }

  #listOf(head: Extract<Part, { kind: 'head' }>): List {
    const value = read(Buffer.concat([head.bytes, Buffer.from(']}')])) as JsonObject
    if (head.isTable) this.#values.tables.begin(value)
    return { refs: [this.#ref, ...itemRefs(value, this.#walk.fields)], isTable: head.isTable, keys: head.keys }
  }

  #head(bytes: Buffer): Uint8Array[] {
    const end = Buffer.from(']}')
    const value = read(Buffer.concat([bytes, end]))
    if (isObject(value) && value['kind'] === 'Table') return [bytes]
    const masked = this.#maskedOrSame(value)
    return masked === undefined ? [bytes] : [encodeJson(masked).subarray(0, -end.length)]
  }

  #tail(bytes: Buffer, { isTable, keys }: List): Uint8Array[] {
    const at = tailMembers(bytes)
    const value = read(Buffer.concat([Buffer.from('{'), bytes.subarray(at)]))
    const repeated = Object.keys(value as JsonObject).find((key) => keys.has(key))
    if (repeated !== undefined) {
      throw new Fault('ERR_MASK', `A list of the API server names ${repeated} twice, so it cannot be masked.`)
    }
    const masked = isTable ? undefined : this.#maskedOrSame(value)
    return masked === undefined ? [bytes] : [Buffer.from('],'), encodeJson(masked).subarray(1)]
  }

  /** Members of a list around its elements; undefined when nothing in them is hidden. */
  #maskedOrSame(value: JsonValue): JsonValue | undefined {
    let count = 0
    const hidden: Walk['hidden'] = (one) => {
      count++
      this.#walk.hidden(one)
    }
    const masked = maskObject(value, [this.#ref], { ...this.#walk, hidden })
    return count === 0 ? undefined : masked
  }

  #elements({ bytes, spans }: Extract<Part, { kind: 'elements' }>, { refs, isTable }: List): Uint8Array[] {
    if (!isTable && this.#isClean(bytes, refs)) return [bytes]
    const pieces: Uint8Array[] = []
    let at = 0
    for (const { from, to, members } of spans) {
      const element = bytes.subarray(from, to)
      const masked = isTable ? this.#row(element) : this.#item(element, refs, members)
      if (masked === undefined) continue
      pieces.push(bytes.subarray(at, from), ...masked)
      at = to
    }
    pieces.push(bytes.subarray(at))
    return pieces
  }

  /**
   * A look at many elements at once pays where most have nothing to hide; after one that did not, the next pieces of the
   * list are gone through element by element.
   */
  #isClean(bytes: Buffer, refs: readonly ResourceRef[]): boolean {
    if (this.#skipLooks > 0) {
      this.#skipLooks--
      return false
    }
    const isClean = this.#quick.isClean(bytes, refs)
    if (!isClean) this.#skipLooks = LOOKS_SKIPPED
    return isClean
  }

  /** Undefined = as it is. */
  #item(bytes: Buffer, refs: readonly ResourceRef[], members: readonly Member[] | undefined): Uint8Array[] | undefined {
    const found = this.#quick.replacements(bytes, refs, members)
    if (found === undefined) return [encodeJson(maskObject(read(bytes), refs, this.#walk))]
    return found.length === 0 ? undefined : spliced(bytes, found)
  }

  #row(bytes: Buffer): Uint8Array[] | undefined {
    const isPlain =
      this.#values.tables.isTracedByObject && bringsObject(bytes) && this.#quick.isClean(bytes, [this.#ref])
    return isPlain ? undefined : [encodeJson(this.#values.tables.maskRow(read(bytes)))]
  }
}

/** Where the object of a watch event is; undefined when that takes reading. */
function eventObject(line: Buffer): { readonly from: number; readonly to: number } | undefined {
  try {
    const [type, object, ...more] = membersOf(line)
    return type?.key === 'type' && object?.key === 'object' && more.length === 0 ? object : undefined
  } catch (thrown) {
    if (thrown === notUnderstood) return undefined
    throw thrown
  }
}

function spliced(bytes: Buffer, replacements: readonly Replacement[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let at = 0
  for (const { from, to, by } of replacements) {
    pieces.push(bytes.subarray(at, from), by)
    at = to
  }
  pieces.push(bytes.subarray(at))
  return pieces
}
