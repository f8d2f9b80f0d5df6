import { z } from 'zod'
import type { HeldRequest } from '../model/held.ts'
import type { Session } from '../model/session.ts'
import type { Decision, Reason } from '../model/decision.ts'

/** Every session is in each `hello`: what its arguments may add to that, in UTF-16 units each. */
const maxArgument = 4096

function shortened(argument: string): string {
  if (argument.length <= maxArgument) return argument
  return `${argument.slice(0, maxArgument).toWellFormed()}… (${argument.length} characters)`
}

/**
 * Characters that move a screen's cursor, break its line or turn its direction (Unicode categories Cc, Zl, Zp, Cs; UAX #9,
 * explicit directional formatting): words with one could show a person something else than they say.
 */
const deceptive = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

const comment = z
  .string()
  .max(2000)
  .check(({ value, issues }) => {
    const found = deceptive.exec(value)?.[0]
    if (found === undefined) return
    const name = `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
    const message = `it holds the character ${name}, which would change how it is shown; write it in one plain line`
    issues.push({ code: 'custom', message, input: value })
  })

/**
 * What a screen may ask or order, over HTTPS on loopback with a bearer token and the broker's own CA.
 * A person, who signed in, may do what an operator and a reviewer may. Bodies are JSON; failures are metav1.Status with Chaperone's fault code in `reason`.
 *
 * | call | who | does |
 * | --- | --- | --- |
 * | GET  /v1/info | any | what this broker is |
 * | POST /v1/sessions | operator, but a person where people sign in | begin a session, get its API token (once) |
 * | PATCH /v1/sessions/ID | operator | name its recording |
 * | POST /v1/sessions/ID/renew | person | more time for it, by a sign-in that was refreshed |
 * | POST /v1/sessions/ID/end | operator | end it: its token stops working; requests whose client waits are withdrawn, those left for review stay |
 * | GET  /v1/sessions | any | the sessions of this broker |
 * | POST /v1/sessions/revoke | any | end one session, those of a subject, or all: their credentials stop working |
 * | GET  /v1/held[?state=pending] · GET /v1/held/ID | any | held requests |
 * | POST /v1/held/ID/review | reviewer | approve or deny the shown digest; what is not shown whole only with `sawWhole: false` |
 * | POST /v1/held/ID/confirm | operator | confirm one's own, where the rule allows it |
 * | POST /v1/held/ID/withdraw · /comment | operator | take one's own back; add a reason |
 * | POST /v1/held/ID/move | operator | give one's own that no client waits for to another session of one's own, to be repeated there |
 * | GET  /v1/events | any | NDJSON stream of BrokerEvent, one line each, a heartbeat every 10 s |
 */
export const sessionRequest = z.strictObject({
  kind: z.enum(['shell', 'run']),
  /** Only shown: a longer argument, as a whole script is, is kept shortened. */
  command: z.array(z.string().transform(shortened)).max(1000),
  /** Milliseconds; absent = wait until the held request expires. */
  waitMs: z.number().int().min(0).optional(),
  reason: z.string().max(256).optional(),
})
export const sessionPatch = z.strictObject({ recording: z.string().max(255) })
export const revocation = z.union([
  z.strictObject({ sessionID: z.string().max(64) }),
  z.strictObject({ subject: z.string().max(1024) }),
  z.strictObject({ all: z.literal(true) }),
])
export const reviewRequest = z.strictObject({
  verdict: z.enum(['approve', 'deny']),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  comment: comment.default(''),
  /** To approve what is not shown whole, the reviewer says so: `false`. Else such an approval is refused. */
  sawWhole: z.literal(false).optional(),
})
export const confirmRequest = z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/) })
export const commentRequest = z.strictObject({ comment })
export const moveRequest = z.strictObject({ sessionID: z.string().max(64) })

export type SessionRequest = z.input<typeof sessionRequest>
export type Revocation = z.output<typeof revocation>
export type ReviewRequest = z.input<typeof reviewRequest>

export interface BrokerInfo {
  readonly version: string
  readonly mode: Session['mode']
  /** Kubeconfig context name, or `practice`. */
  readonly context: string
  /** Upstream API server URL. */
  readonly server: string
  /** Which API server that is: URL, certificate authority, and the proxy on the way; see kube/port.ts. */
  readonly identity: string
  readonly practice: boolean
  readonly policy: { readonly name: string; readonly digest: string }
  /** Data plane, `https://127.0.0.1:PORT`. */
  readonly endpoint: string
  readonly caFile: string
  readonly pid: number
  /** Who this connection is. */
  readonly you: {
    readonly name: string
    readonly groups: readonly string[]
    readonly role: 'operator' | 'reviewer' | 'person'
  }
}

export interface SessionGrant {
  readonly session: Session
  /** Bearer token for the data plane; shown once, valid until the session ends. */
  readonly token: string
  readonly endpoint: string
  readonly caFile: string
}

/** One ended request, for the activity list and recording markers. */
export interface RequestNote {
  readonly sessionID: string
  readonly auditID: string
  /** When it arrived, RFC 3339. */
  readonly at: string
  /** Until its end; a wait for a verdict is part of it. */
  readonly durationMs: number
  readonly command: string
  /** What the client says it runs, as `kubectl get`: a claim, not checked. Empty when it says nothing. */
  readonly claimedCommand: string
  /** The API's own paths, which clients read before they do what they were asked. */
  readonly discovery: boolean
  readonly decision: Decision['effect']
  readonly reason: Reason
  /** `policy/rule` of each rule that spoke. */
  readonly rules: readonly string[]
  readonly heldID: string
  /** Who reviewed it, empty when nobody did. */
  readonly reviewers: readonly string[]
  readonly statusCode: number
  readonly masked: number
}

export type BrokerEvent =
  | {
      readonly type: 'hello'
      readonly held: readonly HeldRequest[]
      readonly sessions: readonly Session[]
      /** The latest of the session that the stream is for, oldest first; none without one. */
      readonly notes?: readonly RequestNote[]
    }
  | { readonly type: 'held'; readonly held: HeldRequest }
  | { readonly type: 'session'; readonly session: Session }
  | { readonly type: 'request'; readonly note: RequestNote }
  | { readonly type: 'heartbeat' }
  /** The last one: who reads has to say anew who it is, at once. */
  | { readonly type: 'renew' }
  | { readonly type: 'goodbye'; readonly reason: string }

/** What a client tells of the stream, which it opens anew where it has to. */
export type ClientEvent =
  | Exclude<BrokerEvent, { type: 'renew' }>
  | { readonly type: 'lost'; readonly reason: string }
  /** The broker is there, and does not know this caller (any more); asking goes on. */
  | { readonly type: 'refused'; readonly reason: string }

/** The control client, as faces and commands use it. Every call rejects with a Fault. */
export interface ControlClient extends AsyncDisposable {
  info(): Promise<BrokerInfo>
  beginSession(request: SessionRequest): Promise<SessionGrant>
  /** As the person who signed in: the session then lasts as long as the sign-in that this connection shows. */
  renewSession(sessionID: string): Promise<Session>
  nameRecording(sessionID: string, file: string): Promise<Session>
  endSession(sessionID: string): Promise<Session>
  listHeld(state?: HeldRequest['state']): Promise<readonly HeldRequest[]>
  getHeld(id: string): Promise<HeldRequest>
  review(id: string, review: ReviewRequest): Promise<HeldRequest>
  confirm(id: string, digest: string): Promise<HeldRequest>
  withdraw(id: string): Promise<HeldRequest>
  /** A value that was approved is given to the session that asked for it alone: this makes it another one of the same person. */
  moveHeld(id: string, sessionID: string): Promise<HeldRequest>
  /** Ends sessions at once; returns those that ran until now. */
  revoke(which: Revocation): Promise<readonly Session[]>
  listSessions(): Promise<readonly Session[]>
  comment(id: string, comment: string): Promise<HeldRequest>
  /** Reconnects by itself; ends only when `signal` aborts or the broker says goodbye. A gap is followed by a new `hello`. */
  events(signal: AbortSignal): AsyncIterable<ClientEvent>
}
