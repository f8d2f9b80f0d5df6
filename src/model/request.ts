/** Any JSON value as the broker keeps it: numbers outside the safe range are kept as RawNumber (see stream/json.ts). */
export type JsonValue = null | boolean | number | string | RawNumber | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** A number whose text JavaScript's double cannot hold exactly: the text is kept and written back unchanged. */
export class RawNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * What a resource request also does, whatever its verb says: `exec` = runs or reads inside a container or node,
 * `create` = may create an object, `write` = changes stored state, `stream` = long-running duplex,
 * `reveal` = gives out a value that masks hide.
 */
export type Effect = 'read' | 'create' | 'write' | 'exec' | 'stream' | 'reveal'

/**
 * Facts of one API request, by the rules of Kubernetes' RequestInfo
 * (k8s.io/apiserver pkg/endpoints/request/requestinfo.go). Empty strings mean "not given", as there.
 */
export interface ResourceRequest {
  readonly kind: 'resource'
  /** get, list, watch, create, update, patch, delete, deletecollection, proxy; or "" for an unknown method. */
  readonly verb: string
  readonly apiGroup: string
  readonly apiVersion: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** Raw selector texts as sent, empty when absent. */
  readonly fieldSelector: string
  readonly labelSelector: string
  readonly dryRun: boolean
  readonly effects: readonly Effect[]
  /** The decoded path that is sent upstream. */
  readonly path: string
}

export interface NonResourceRequest {
  readonly kind: 'non-resource'
  /** Lower-cased HTTP method. */
  readonly verb: string
  readonly path: string
  readonly effects: readonly Effect[]
}

export type RequestAttributes = ResourceRequest | NonResourceRequest

/** Subresources whose answer is an endless or duplex stream; with verbs watch and proxy they are "long-running". */
export function isLongRunning(request: RequestAttributes): boolean {
  if (request.kind === 'non-resource') return false
  return (
    request.verb === 'watch' ||
    request.verb === 'proxy' ||
    ['exec', 'attach', 'portforward', 'proxy', 'log'].includes(request.subresource)
  )
}

/** True when the request may change something in the cluster or reveals a value: its journal line must be durable first. */
export function isMutation(request: RequestAttributes): boolean {
  return request.effects.some((effect) => effect !== 'read')
}

/** The exact request that would go upstream; its digest is what people approve. */
export interface CanonicalRequest {
  readonly method: string
  /** Path and query rebuilt from parsed values. */
  readonly target: string
  /** Empty when there is no body. */
  readonly contentType: string
  readonly body: Uint8Array
  /** SHA-256 (hex) over method, target, content type and body, each preceded by its length. */
  readonly digest: string
}
