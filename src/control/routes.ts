import type { z } from 'zod'
import type { Approvals } from '../approval/port.ts'
import type { HeldRequest, HeldState } from '../model/held.ts'
import type { Session } from '../model/session.ts'
import { Fault } from '../model/fault.ts'
import type { Sessions } from '../session/port.ts'
import {
  commentRequest,
  confirmRequest,
  moveRequest,
  reviewRequest,
  revocation,
  sessionPatch,
  sessionRequest,
  type BrokerInfo,
  type Revocation,
  type SessionGrant,
} from './contract.ts'
import type { Caller } from './caller.ts'
import { View } from './visible.ts'

/** What the control calls act on. */
export interface Desk {
  /** Sessions are for people who signed in; absent = for the operator. */
  readonly signIn?: boolean
  readonly info: () => Omit<BrokerInfo, 'you'>
  readonly sessions: Sessions
  readonly approvals: Approvals
}

export interface Call {
  readonly caller: Caller
  readonly method: string
  /** Path segments after `/v1/`. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: unknown
}

const heldStates: readonly HeldState[] = [
  'pending',
  'approved',
  'executing',
  'completed',
  'failed',
  'denied',
  'expired',
  'withdrawn',
  'unknown',
]

/** Answers one control call by the table in contract.ts. Rejects with a Fault. */
export async function answerCall(desk: Desk, call: Call): Promise<unknown> {
  const [room, id, order] = call.path
  const known = `${call.method} ${[room, id === undefined ? undefined : 'ID', order].filter(Boolean).join('/')}`
  if (known === 'GET info') return describe(desk, call.caller)
  return room === 'held' ? answerHeld(desk, call, known, id ?? '') : answerSessions(desk, call, known, id ?? '')
}

async function answerSessions(desk: Desk, call: Call, known: string, id: string): Promise<unknown> {
  const view = new View(call.caller, desk.sessions)
  switch (known) {
    case 'POST sessions':
      return beginSession(desk, call)
    case 'GET sessions':
      return desk.sessions.list().filter((session) => view.session(session))
    case 'POST sessions/ID':
      return id === 'revoke' ? revoke(desk, parse(revocation, call.body), view) : unknownCall(known)
    case 'PATCH sessions/ID':
      return (
        operator(call) &&
        own(desk, call, id) &&
        desk.sessions.nameRecording(id, parse(sessionPatch, call.body).recording)
      )
    case 'POST sessions/ID/renew':
      return operator(call) && own(desk, call, id) && renewSession(desk, call.caller, id)
    case 'POST sessions/ID/end':
      return operator(call) && own(desk, call, id) && endSession(desk, id)
    default:
      return unknownCall(known)
  }
}

async function answerHeld(desk: Desk, call: Call, known: string, id: string): Promise<unknown> {
  const { subject } = call.caller
  const view = new View(call.caller, desk.sessions)
  switch (known) {
    case 'GET held':
      return heldOf(desk, call).filter((held) => view.held(held))
    case 'GET held/ID':
      return visible(desk.approvals.get(id), view)
    case 'POST held/ID/review':
      return review(desk, call, id)
    case 'POST held/ID/confirm':
      return operator(call) && desk.approvals.confirm(id, subject, parse(confirmRequest, call.body).digest)
    case 'POST held/ID/withdraw':
      return operator(call) && desk.approvals.withdraw(id, subject)
    case 'POST held/ID/comment':
      return operator(call) && desk.approvals.comment(id, subject, parse(commentRequest, call.body).comment)
    case 'POST held/ID/move':
      return operator(call) && move(desk, call, id)
    default:
      return unknownCall(known)
  }
}

/** Only from here, never by a session's own token: what runs in a session of the same subject cannot take it. */
function move(desk: Desk, call: Call, id: string): Promise<HeldRequest> {
  const { sessionID } = parse(moveRequest, call.body)
  assertOwn(desk, call.caller, sessionID)
  if (desk.sessions.living(sessionID) === undefined) {
    throw new Fault('ERR_CONFLICT', `Session ${sessionID} has ended.`)
  }
  return desk.approvals.moveTo(sessionID, id, call.caller.subject)
}

function unknownCall(call: string): never {
  throw new Fault('ERR_NOT_FOUND', `The control API has no ${call}.`)
}

/** Anybody who may call may end sessions: it only makes less possible. Throws ERR_NOT_FOUND for one that is unknown. */
async function revoke(desk: Desk, which: Revocation, view: View): Promise<readonly Session[]> {
  const running = desk.sessions.list().filter((session) => session.endedAt === undefined && view.session(session))
  if ('sessionID' in which) {
    const session = desk.sessions.get(which.sessionID)
    if (!view.session(session)) throw notYours(session.id)
    return [await endSession(desk, session.id)]
  }
  const ending = 'all' in which ? running : running.filter(({ subject: { name } }) => name === which.subject)
  return Promise.all(ending.map(({ id }) => endSession(desk, id)))
}

/** Ends a session everywhere: token, held requests. */
export async function endSession(desk: Pick<Desk, 'sessions' | 'approvals'>, id: string): Promise<Session> {
  const session = desk.sessions.end(id)
  await desk.approvals.endSession(id)
  return session
}

function describe(desk: Desk, caller: Caller): BrokerInfo {
  return { ...desk.info(), you: { name: caller.subject.name, groups: caller.subject.groups, role: caller.role } }
}

function beginSession(desk: Desk, call: Call): SessionGrant {
  operator(call)
  const { subject, role, until } = call.caller
  if (desk.signIn === true && role !== 'person') {
    throw new Fault('ERR_UNAUTHENTICATED', 'This broker is for people who have signed in.', {
      advice: 'Run `chaperone login`, with the configuration of the broker.',
    })
  }
  const ask = parse(sessionRequest, call.body)
  const info = desk.info()
  const { session, token } = desk.sessions.begin({
    kind: ask.kind,
    command: ask.command,
    subject,
    mode: info.mode,
    ...(until === undefined ? {} : { expiresAt: until }),
    ...(ask.waitMs === undefined ? {} : { waitMs: ask.waitMs }),
    ...(ask.reason === undefined ? {} : { reason: ask.reason }),
  })
  return { session, token, endpoint: info.endpoint, caFile: info.caFile }
}

function renewSession(desk: Desk, { subject, until }: Caller, id: string): Session {
  if (until === undefined) throw new Fault('ERR_USAGE', `Session ${id} does not end by itself.`)
  if (desk.sessions.living(id) !== undefined) return desk.sessions.prolong(id, subject, until)
  throw new Fault('ERR_CONFLICT', `Session ${id} has ended.`)
}

function visible(held: HeldRequest, view: View): HeldRequest {
  if (view.held(held)) return held
  throw new Fault('ERR_FORBIDDEN', `${held.id} is the request of somebody else.`)
}

function heldOf(desk: Desk, call: Call): readonly HeldRequest[] {
  const asked = call.query.get('state')
  if (asked === null) return desk.approvals.list()
  const state = heldStates.find((known) => known === asked)
  if (state === undefined) {
    throw new Fault('ERR_USAGE', `${JSON.stringify(asked)} is not a state of a held request.`, {
      advice: `Known: ${heldStates.join(', ')}.`,
    })
  }
  return desk.approvals.list(state)
}

function review(desk: Desk, call: Call, id: string): Promise<HeldRequest> {
  if (call.caller.role === 'operator') {
    throw new Fault('ERR_FORBIDDEN', 'A review needs a reviewer, and this connection is an operator.', {
      advice: 'Connect with a reviewer token: `chaperone review --token-file FILE`, or sign in.',
    })
  }
  const { sawWhole, ...verdict } = parse(reviewRequest, call.body)
  const reviewer = call.caller.subject
  return desk.approvals.review(id, { ...verdict, reviewer, ...(sawWhole === false ? { sawWhole } : {}) })
}

function operator(call: Call): true {
  if (call.caller.role !== 'reviewer') return true
  throw new Fault('ERR_FORBIDDEN', 'Only the operator may do this, and this connection is a reviewer.')
}

function own(desk: Desk, call: Call, id: string): true {
  assertOwn(desk, call.caller, id)
  return true
}

/** Throws ERR_FORBIDDEN for somebody else's session, ERR_NOT_FOUND. */
export function assertOwn({ sessions }: Pick<Desk, 'sessions'>, { subject }: Caller, id: string): void {
  const { name, uid } = sessions.get(id).subject
  if (name === subject.name && uid === subject.uid) return
  throw notYours(id)
}

function notYours(id: string): Fault {
  return new Fault('ERR_FORBIDDEN', `Session ${id} belongs to someone else.`)
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new Fault('ERR_USAGE', `The control call is malformed: ${problems.join('; ')}.`)
}
