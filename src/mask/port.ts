import type { DetectorName } from '../model/detector.ts'
import type { Obligation } from '../model/decision.ts'
import type { CanonicalRequest, JsonValue, RequestAttributes, ResourceRequest } from '../model/request.ts'
import type { Subject } from '../model/subject.ts'

/**
 * One way into an object, segment by segment. Each segment is a key in which `*` stands for any characters, dots and
 * slashes too; on an array a segment of `*` stands for every element.
 */
export type MaskPath = readonly string[]

/** What a compiled MaskSet hides: the values at `paths` of the resources it names; `*` = every group or resource. */
export interface MaskSet {
  readonly name: string
  readonly fields: readonly {
    readonly apiGroup: string
    readonly resource: string
    readonly paths: readonly MaskPath[]
    /**
     * Patterns of names, `*` for any characters and any case. With them only values of such names are hidden: of
     * `{name: NAME, value: VALUE}` and of `NAME=VALUE` in a text, as environment and arguments have them.
     */
    readonly keys?: readonly string[]
    /** With these only what they find in texts is hidden. */
    readonly detectors?: readonly DetectorName[]
    /** True = what is hidden whole may be written over without another look. */
    readonly freeWrites?: boolean
  }[]
}

/** An upstream answer whose body passes through the mask station. */
export interface Answer {
  readonly statusCode: number
  readonly contentType: string
  readonly body: AsyncIterable<Uint8Array>
}

export interface MaskedAnswer {
  readonly body: AsyncIterable<Uint8Array>
  /** Number of values hidden so far; final once `body` is exhausted. */
  readonly count: () => number
}

/** One request's masking, made from its obligations before anything is forwarded. */
export interface Masker {
  /** True when some answer to this request could hold masked values: then it must come as JSON, uncompressed. */
  readonly active: boolean
  /**
   * Throws or ends the iteration with ERR_MASK when the answer cannot be read. What is passed on was looked through or
   * cannot hold a masked value; its brackets, quotes and UTF-8 are checked, the rest is as the API server sent it.
   */
  answer(answer: Answer): MaskedAnswer
  /**
   * The request body as text for people, masked values hidden, at most 64 KiB. Long strings may lose their middle, keys
   * are all there: throws ERR_BODY_TOO_LARGE when they do not fit.
   */
  describeBody(body: JsonValue): string
  /**
   * True when `body`, as its client sent it, has a value of its own where one is hidden whole (a token is none), or takes one away;
   * of a write that replaces more than it names, `over` is what tells.
   */
  writesHidden(body: JsonValue, over?: Overwritten): boolean
  /**
   * Throws ERR_MASK_WRITE, naming the path, when the body carries a mask token anywhere, and when its answer would tell
   * whether a masked value was guessed. `sent` is the request as it would go upstream.
   */
  guardWrite(body: JsonValue, sent: Pick<CanonicalRequest, 'target' | 'contentType'>): void
}

/** What a write goes over. */
export interface Overwritten {
  /** The object as it is stored; null = there is none, undefined = it could not be read. */
  readonly stored: JsonValue | undefined
  /** The write as it would go upstream. */
  readonly sent: Pick<CanonicalRequest, 'target' | 'contentType'>
}

/** Where values are found that are put back. */
export interface Sources {
  /** The object that is written, as it is stored; undefined when there is none. */
  readonly stored: JsonValue | undefined
  /** Secrets in which helm keeps the release that the object is of. */
  readonly records?: readonly JsonValue[]
}

/** Puts masked values back into what clients write. */
export interface Restore {
  /** True when the body of a write carries a token, so that the object it changes is to be read. */
  isNeeded(body: JsonValue, request: RequestAttributes): request is ResourceRequest
  /** True when only what is stored tells whether the write takes away a value that is hidden whole. */
  asksStored(body: JsonValue, request: RequestAttributes, contentType: string): request is ResourceRequest
  /** The release of helm whose records may know the tokens that the body still carries. */
  releaseOf(
    body: JsonValue,
    stored: JsonValue | undefined,
    request: ResourceRequest,
  ): { readonly namespace: string; readonly name: string } | undefined
  /**
   * The body with the values for which it has tokens, on condition that the object is still `stored`. Tokens that do not
   * belong where they are stay.
   */
  restore(body: JsonValue, sources: Sources, request: ResourceRequest, subject: Subject): JsonValue
}

/** Throws when an obligation is unknown: the caller turns that into a deny. */
export type Oblige = (obligations: readonly Obligation[], request: RequestAttributes, subject: Subject) => Masker
