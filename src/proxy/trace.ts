import { annotation, type AuditEvent } from '../model/audit.ts'
import type { Decision, Reason } from '../model/decision.ts'
import type { HeldRequest } from '../model/held.ts'
import { isMutation, type RequestAttributes } from '../model/request.ts'
import type { Status } from '../model/status.ts'
import { shownCommand } from '../request/shown-command.ts'
import type { RequestTarget } from '../request/target.ts'
import type { Borrowed } from './borrowed.ts'
import type { ClientRequest } from './client.ts'
import { Tail } from './deliver.ts'
import { printable, userAgent } from './headers.ts'
import { shownTarget } from './shown-target.ts'
import type { Stations } from './stations.ts'

/** How a request ended: its answer was given, it was refused, its client left, it failed, or nobody can know. */
export type Outcome = 'completed' | 'refused' | 'cancelled' | 'failed' | 'unknown'

const MAX_CLAIM = 256

/** Everything learned about one request on its way; becomes its journal lines. */
export class Trace {
  readonly auditID: string
  caller: Awaited<ReturnType<Stations['identify']>> | undefined
  /** Whom the caller asks to be. */
  borrowed: Borrowed | undefined
  target: RequestTarget | undefined
  request: RequestAttributes | undefined
  /** The equivalent command as a reviewer sees it. */
  command = ''
  /** The same without what runs inside a container, for the journal and for lists. */
  shownCommand = ''
  digest = ''
  decision: Decision | undefined
  reason: Reason | undefined
  held: HeldRequest | undefined
  outcome: Outcome = 'failed'
  answer: { readonly code: number; readonly reason?: string; readonly message?: string } = { code: 500 }
  masked: () => number = () => 0
  /** How far the answer's lines have come. */
  readonly tail = new Tail()
  /** True once the request has been handed to the upstream. */
  forwarded = false
  /** What the API server answered, once it has. */
  upstreamCode: number | undefined

  readonly #asked: ClientRequest
  readonly #stations: Stations
  readonly #now: () => Date
  readonly #receivedAt: string
  readonly #address: string

  constructor(asked: ClientRequest, stations: Stations, auditID: string, now: () => Date) {
    this.auditID = auditID
    this.#asked = asked
    this.#stations = stations
    this.#now = now
    this.#receivedAt = timestamp(now())
    this.#address = asked.ends.remoteAddress ?? ''
  }

  /** What the client says it runs: the words of its process where the credential carries them, else kubectl's own header. */
  get claimedCommand(): string {
    const words = this.caller?.claim?.words
    const header = [this.#asked.headers['kubectl-command']].flat()[0] ?? ''
    return printable(words === undefined ? header : shownCommand(words).join(' ')).slice(0, MAX_CLAIM)
  }

  /** Notes an answer of Chaperone's own. */
  refuse(status: Status, reason: Reason, outcome: Outcome): void {
    this.answer = { code: status.code, reason: status.reason, message: status.message }
    this.reason = reason
    this.outcome = outcome
  }

  /** Notes that an answer on its way to the client was cut off; what the API server said stays. */
  breakOff(reason: Reason): void {
    this.reason = reason
    this.outcome = 'failed'
  }

  /** True when the request may have changed something in the cluster. */
  get mayHaveWritten(): boolean {
    return this.forwarded && (this.request === undefined || isMutation(this.request))
  }

  /** The line before anything is forwarded: durable when the request may change something. Rejects with ERR_JOURNAL. */
  async received(): Promise<void> {
    const durable = this.request === undefined || isMutation(this.request)
    await this.#stations.journal.append(this.#event('RequestReceived'), durable ? 'durable' : 'soon')
  }

  /** The last line, and the note for whoever counts. Rejects with ERR_JOURNAL. */
  async completed(): Promise<void> {
    const { caller, reason } = this
    const durability = this.mayHaveWritten ? 'durable' : 'soon'
    try {
      await this.#stations.journal.append(this.#event('ResponseComplete'), durability)
    } finally {
      if (caller !== undefined) {
        this.#stations.observe({
          session: caller.session,
          subject: caller.subject,
          auditID: this.auditID,
          request: this.request,
          command: this.shownCommand,
          decision: this.decision?.effect ?? 'deny',
          reason: reason ?? { code: 'internal', message: 'The request ended before a decision.' },
          heldID: this.held?.id ?? '',
          refused: this.outcome === 'refused',
          statusCode: this.answer.code,
          masked: this.masked(),
        })
      }
    }
  }

  #event(stage: AuditEvent['stage']): AuditEvent {
    const subject = this.caller?.subject
    const reference = objectReference(this.request)
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: this.auditID,
      stage,
      requestURI: shownTarget(this.target, this.#asked.target),
      verb: this.request?.verb ?? this.#asked.method.toLowerCase(),
      user:
        subject === undefined
          ? { username: 'system:anonymous', groups: ['system:unauthenticated'] }
          : { username: subject.name, uid: subject.uid, groups: subject.groups, extra: subject.extra },
      ...(this.borrowed === undefined ? {} : { impersonatedUser: userOf(this.borrowed) }),
      sourceIPs: this.#address === '' ? [] : [this.#address],
      userAgent: userAgent(this.#asked),
      ...(reference === undefined ? {} : { objectRef: reference }),
      ...(stage === 'ResponseComplete' ? { responseStatus: this.answer } : {}),
      requestReceivedTimestamp: this.#receivedAt,
      stageTimestamp: timestamp(this.#now()),
      annotations: this.#annotations(stage),
    }
  }

  #annotations(stage: AuditEvent['stage']): Record<string, string> {
    const { decision, held } = this
    const reason = this.reason ?? decision?.reasons[0]
    const rules = [...new Set((decision?.reasons ?? []).flatMap(({ rule }) => (rule === undefined ? [] : [rule])))]
    const notes: Record<string, string> = {}
    const note = (name: string, value: string | undefined) => {
      if (value !== undefined && value !== '') notes[name] = value
    }
    const isLast = stage === 'ResponseComplete'
    note(annotation.decision, decision?.effect ?? (isLast ? 'deny' : ''))
    note(annotation.reason, reason?.code)
    note(annotation.message, reason?.message)
    note(annotation.rules, rules.join(','))
    note(annotation.policy, decision?.policyDigest)
    note(annotation.session, this.caller?.session.id)
    note(annotation.sessionReason, printable(this.caller?.session.reason ?? ''))
    note(annotation.held, held?.id)
    note(annotation.onBehalfOf, this.caller?.subject.onBehalfOf)
    note(annotation.reviewer, held?.reviews.map((review) => review.reviewer.name).join(','))
    note(annotation.command, this.shownCommand)
    note(annotation.claimedCommand, this.claimedCommand)
    note(annotation.claimedProcess, this.caller?.claim?.process)
    note(annotation.digest, this.digest)
    if (isLast) {
      note(annotation.outcome, this.outcome)
      note(annotation.masked, String(this.masked()))
    }
    return notes
  }
}

function userOf({ user, uid, groups, extra }: Borrowed): AuditEvent['user'] {
  return { username: user, ...(uid === '' ? {} : { uid }), groups, extra }
}

function objectReference(request: RequestAttributes | undefined): AuditEvent['objectRef'] {
  if (request?.kind !== 'resource') return undefined
  const { resource, namespace, name, apiGroup, apiVersion, subresource } = request
  return {
    ...(resource === '' ? {} : { resource }),
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
    ...(apiGroup === '' ? {} : { apiGroup }),
    ...(apiVersion === '' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  }
}

/** RFC 3339 with microseconds, as the API server writes them. */
function timestamp(at: Date): string {
  return at.toISOString().replace('Z', '000Z')
}
