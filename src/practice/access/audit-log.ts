import type { Status } from '../../model/status.ts'
import { isFields, readText, type Fields } from '../state/objects.ts'
import type { Attributes, Caller, User, Verdict } from './access.ts'
import type { AuditLog, AuditTrail, Received } from './audit.ts'

/** Events kept; older ones go. Bounds memory. */
const keptEvents = 10_000

/** audit.k8s.io/v1 Event (k8s.io/apiserver pkg/apis/audit/v1 types.go). */
export type AuditEvent = Fields & {
  readonly auditID: string
  readonly stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete'
}

/** Kinds whose content is never written down, as the policy that Kubernetes recommends has it. */
const secretive: ReadonlySet<string> = new Set(['secrets', 'configmaps', 'tokenreviews', 'serviceaccounts/token'])

/** The audit log of the cluster in memory, newest last; `append` gets each event as well. */
export class MemoryAuditLog implements AuditLog {
  readonly #events: AuditEvent[] = []
  readonly #now: () => Date
  readonly #append: (event: AuditEvent) => void

  constructor(now: () => Date, append: (event: AuditEvent) => void = () => {}) {
    this.#now = now
    this.#append = append
  }

  get events(): readonly AuditEvent[] {
    return this.#events
  }

  received(request: Received): AuditTrail {
    return new Trail(request, this.#now, (event) => this.#keep(event))
  }

  #keep(event: AuditEvent): void {
    this.#events.push(event)
    if (this.#events.length > keptEvents) this.#events.shift()
    this.#append(event)
  }
}

class Trail implements AuditTrail {
  readonly #request: Received
  readonly #now: () => Date
  readonly #keep: (event: AuditEvent) => void
  #caller: Caller | undefined
  #attributes: Attributes | undefined
  #verdict: Verdict | undefined
  #body: unknown
  #answer: Fields | undefined

  constructor(request: Received, now: () => Date, keep: (event: AuditEvent) => void) {
    this.#request = request
    this.#now = now
    this.#keep = keep
  }

  identified(caller: Caller, attributes: Attributes): void {
    this.#caller = caller
    this.#attributes = attributes
    this.#keep(this.#event('RequestReceived', {}))
  }

  authorized(verdict: Verdict): void {
    this.#verdict = verdict
  }

  requested(body: unknown): void {
    this.#body = body
  }

  responded(object: Fields): void {
    this.#answer = object
  }

  started(code: number): void {
    this.#keep(this.#event('ResponseStarted', { responseStatus: { metadata: {}, code } }))
  }

  complete(code: number, failure?: Status): void {
    const { message, reason, details } = failure ?? {}
    const responseStatus = {
      metadata: {},
      ...(failure === undefined
        ? {}
        : { status: 'Failure', message, reason, ...(details === undefined ? {} : { details }) }),
      code,
    }
    this.#keep(this.#event('ResponseComplete', { responseStatus, ...this.#contents(), ...this.#annotations() }))
  }

  #event(stage: AuditEvent['stage'], more: Fields): AuditEvent {
    const { auditId, method, requestUri, sourceIp, userAgent, at } = this.#request
    const user = this.#caller?.impersonator ?? this.#caller?.user
    const acting = this.#caller?.impersonator === undefined ? undefined : this.#caller.user
    const reference = this.#reference()
    const level = stage === 'ResponseComplete' && this.#showsContents() ? 'RequestResponse' : 'Metadata'
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level,
      auditID: auditId,
      stage,
      requestURI: requestUri,
      verb: this.#attributes?.verb ?? method.toLowerCase(),
      user: user === undefined ? {} : userOf(user),
      ...(acting === undefined ? {} : { impersonatedUser: userOf(acting) }),
      sourceIPs: [sourceIp],
      userAgent,
      ...(reference === undefined ? {} : { objectRef: reference }),
      requestReceivedTimestamp: micro(at),
      stageTimestamp: micro(this.#now()),
      ...more,
    }
  }

  /** Bodies are written down of writes, unless they may hold what nobody may read in a log. */
  #showsContents(): boolean {
    const { resource = '', subresource = '' } = this.#attributes ?? {}
    const isSecretive = secretive.has(resource) || secretive.has(`${resource}/${subresource}`)
    return this.#body !== undefined && !isSecretive
  }

  #contents(): Fields {
    if (!this.#showsContents()) return {}
    const answer = this.#answer === undefined ? {} : { responseObject: this.#answer }
    return { requestObject: this.#body, ...answer }
  }

  #annotations(): Fields {
    if (this.#verdict === undefined) return {}
    const { allowed, reason } = this.#verdict
    const decision = allowed ? 'allow' : 'forbid'
    return {
      annotations: { 'authorization.k8s.io/decision': decision, 'authorization.k8s.io/reason': reason },
    }
  }

  /** A create has no name in its path: it is taken from what was answered or sent. */
  #reference(): Fields | undefined {
    if (this.#attributes?.isResource !== true) return undefined
    const { resource, namespace, name, group, version, subresource } = this.#attributes
    const written = this.#body === undefined ? undefined : this.#answer
    const metadata = isFields(written?.['metadata']) ? written['metadata'] : {}
    const all = {
      resource,
      namespace,
      name: name || readText(metadata, 'name') || readText(this.#body, 'metadata.name'),
      uid: readText(metadata, 'uid'),
      apiGroup: group,
      apiVersion: version,
      resourceVersion: readText(this.#body, 'metadata.resourceVersion'),
      subresource,
    }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  }
}

const userOf = ({ name, uid, groups, extra }: User): Fields => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
})

/** RFC 3339 with microseconds, as metav1.MicroTime is written. */
const micro = (at: Date) => at.toISOString().replace('Z', '000Z')
