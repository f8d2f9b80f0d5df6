import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault, toFault } from '../model/fault.ts'
import { failure } from '../model/status.ts'
import type { JournalPort } from '../journal/port.ts'
import type { Subject } from '../model/subject.ts'
import type { BrokerEvent } from './contract.ts'
import type { EventHub, EventStream } from './events.ts'
import { httpCode } from './http-code.ts'
import { callerOf, type Door } from './door.ts'
import { answerCall, assertOwn, endSession, type Call, type Desk } from './routes.ts'
import type { Caller } from './caller.ts'
import { View } from './visible.ts'

/** Largest control body: a comment of 2,000 characters fits many times over. */
const maxBodyBytes = 64 * 1024
/** Sent when nothing happens, so that a screen notices a dead broker. */
const heartbeatMs = 10_000
/** Time for a whole call to arrive; the event streams are answers, and last. */
const requestMs = 10_000
/** How often a screen's reviewer is looked for in their list. */
const recheckMs = 20_000
/** A shell whose screen is gone this long is over: its token must not outlive it. */
const lifelineMs = 10_000

export interface ControlOptions extends Door {
  readonly host: string
  readonly port: number
  readonly tls: { readonly key: string; readonly cert: string }
  readonly desk: Desk
  readonly hub: EventHub
  readonly journal: JournalPort
  /** Milliseconds between two looks whether a reviewer still is one; absent = 20 s. */
  readonly recheckMs?: number
  /** True of a subject that is known otherwise now than when it was let in, or not any more. */
  readonly isOutdated: (subject: Subject) => boolean
}

export interface ControlServer {
  readonly endpoint: string
  close(): Promise<void>
}

/** Serves the control contract over HTTPS on loopback. Orders are in the journal before they take effect. */
export async function startControl(options: ControlOptions): Promise<ControlServer> {
  const lifelines = new Lifelines((id) => endSession(options.desk, id))
  const server = createServer(
    { ...options.tls, minVersion: 'TLSv1.2', maxHeaderSize: 16 * 1024 },
    (request, response) => {
      handle(options, lifelines, request, response).catch((thrown: unknown) => refuse(response, toFault(thrown)))
    },
  )
  server.headersTimeout = requestMs
  server.requestTimeout = requestMs
  await listen(server, options.host, options.port)
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `https://127.0.0.1:${port}`,
    close: async () => {
      lifelines.close()
      options.hub.close('the broker stops')
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 500).unref()
      await closed
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function handle(
  options: ControlOptions,
  lifelines: Lifelines,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.headers.origin !== undefined) {
    throw new Fault('ERR_FORBIDDEN', 'Web pages may not call the control API.')
  }
  // Whoever lets a body wait is whom they are when it has come.
  const body = await readJson(request)
  const caller = await callerOf(options, request)
  const check = () => options.authenticate(request.headers.authorization)
  const url = new URL(request.url ?? '/', 'https://127.0.0.1')
  const path = url.pathname.split('/').slice(1)
  if (path.shift() !== 'v1') throw new Fault('ERR_NOT_FOUND', 'The control API starts at /v1/.')
  const method = request.method ?? 'GET'
  if (method === 'GET' && path.join('/') === 'events') {
    await streamEvents(options, lifelines, { caller, check }, url.searchParams.get('session'), response)
    return
  }
  const call: Call = { caller, method, path, query: url.searchParams, body }
  const answer =
    method === 'GET'
      ? await answerKnown(options, call)
      : await journalled(options, call, request, () => isStill(caller, check))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

/** Answers a call of one who is still known as they were let in. Rejects with ERR_UNAUTHENTICATED, and what the call throws. */
async function answerKnown({ desk, isOutdated }: ControlOptions, call: Call): Promise<unknown> {
  assertKnown(!isOutdated(call.caller.subject))
  return answerCall(desk, call)
}

function assertKnown(isKnown: boolean): void {
  if (isKnown) return
  throw new Fault('ERR_UNAUTHENTICATED', 'What is known of you changed before this could be done, so it was not.', {
    advice: 'Start the command again; when you were taken from a list, it says so.',
  })
}

/** Writes what is ordered before it happens and how it ended after, so that no verdict is missing from the journal. */
async function journalled(
  options: ControlOptions,
  call: Call,
  request: IncomingMessage,
  isKnown: () => Promise<boolean>,
): Promise<unknown> {
  const auditID = options.newAuditID()
  const received = options.clock.now().toISOString()
  const { subject } = call.caller
  const line = (stage: AuditEvent['stage'], rest: Partial<AuditEvent>): AuditEvent => ({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage,
    requestURI: `/chaperone/v1/${call.path.join('/')}`,
    verb: call.path[2] ?? call.method.toLowerCase(),
    user: { username: subject.name, uid: subject.uid, groups: subject.groups },
    sourceIPs: [request.socket.remoteAddress ?? ''],
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 256),
    requestReceivedTimestamp: received,
    stageTimestamp: options.clock.now().toISOString(),
    annotations: controlAnnotations(call),
    ...rest,
  })
  const durability = isSafer(call) ? 'reserved' : 'durable'
  await options.journal.append(line('RequestReceived', {}), durability)
  try {
    // A disk can make the line before wait for as long as it likes.
    assertKnown(await isKnown())
    const answer = await answerKnown(options, call)
    await options.journal.append(line('ResponseComplete', { responseStatus: { code: 200 } }), durability)
    return answer
  } catch (thrown) {
    const fault = toFault(thrown)
    const responseStatus = { code: httpCode(fault.code), reason: fault.code, message: fault.message }
    await options.journal.append(line('ResponseComplete', { responseStatus }), durability)
    throw fault
  }
}

/** Orders after which less is possible than before: they must not fail because the disk is full. */
function isSafer({ path, body }: Call): boolean {
  if (path.join('/') === 'sessions/revoke') return true
  const order = path[2]
  return order === 'end' || order === 'withdraw' || (body as { verdict?: unknown } | undefined)?.verdict === 'deny'
}

function controlAnnotations(call: Call): Record<string, string> {
  const [room, id] = call.path
  const body = call.body as
    { verdict?: unknown; comment?: unknown; sawWhole?: unknown; sessionID?: unknown } | undefined
  return {
    ...(room === 'held' && id !== undefined ? { [annotation.held]: id } : {}),
    ...(room === 'sessions' && id !== undefined ? { [annotation.session]: id } : {}),
    ...(room === 'held' && typeof body?.sessionID === 'string'
      ? { [annotation.session]: body.sessionID.slice(0, 64) }
      : {}),
    ...(typeof body?.verdict === 'string' ? { 'chaperone/verdict': body.verdict.slice(0, 16) } : {}),
    ...(body?.sawWhole === false ? { 'chaperone/saw-whole': 'false' } : {}),
    ...(typeof body?.comment === 'string' ? { 'chaperone/comment': body.comment.slice(0, 2000) } : {}),
  }
}

async function streamEvents(
  options: ControlOptions,
  lifelines: Lifelines,
  { caller, check }: { readonly caller: Caller; readonly check: () => Promise<Caller | undefined> },
  sessionID: string | null,
  response: ServerResponse,
): Promise<void> {
  assertKnown(!options.isOutdated(caller.subject))
  if (sessionID !== null) assertOwn(options.desk, caller, sessionID)
  const release = sessionID === null ? undefined : lifelines.hold(sessionID)
  // Whoever follows one session of theirs does not look at those of others.
  const isWatching = caller.role !== 'operator' && sessionID === null
  const stream = options.hub.open({ subject: caller.subject, watches: isWatching })
  const expiry = caller.until === undefined ? undefined : endAt(caller.until, options.clock, stream)
  const endIfGone = () => void isStill(caller, check).then((still) => still || stream.end({ type: 'renew' }))
  const vigil = caller.role === 'reviewer' ? setInterval(endIfGone, options.recheckMs ?? recheckMs) : undefined
  const view = new View(caller, options.desk.sessions)
  const hello: BrokerEvent = {
    type: 'hello',
    held: options.desk.approvals.list(),
    sessions: options.desk.sessions.list(),
    ...(sessionID === null ? {} : { notes: options.hub.recent(sessionID) }),
  }
  const heartbeat = setInterval(() => stream.push({ type: 'heartbeat' }), heartbeatMs)
  response.on('close', () => stream.end())
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  try {
    response.write(`${JSON.stringify(view.event(hello))}\n`)
    for await (const event of stream) {
      const seen = view.event(event)
      if (seen !== undefined && !response.write(`${JSON.stringify(seen)}\n`)) await drained(response)
      if (response.destroyed) break
    }
  } finally {
    clearInterval(heartbeat)
    clearTimeout(expiry)
    clearInterval(vigil)
    stream.end()
    release?.()
    response.end()
  }
}

/** What a person is told counts as long as their sign-in; `until` in milliseconds since the epoch. */
function endAt(until: number, clock: ControlOptions['clock'], stream: EventStream): NodeJS.Timeout {
  const left = Math.max(0, until - clock.now().getTime())
  return setTimeout(() => stream.end({ type: 'renew' }), left).unref()
}

/** False of a reviewer who was removed or is in other groups now, and while nobody can tell: connecting again says why. */
function isStill({ subject }: Caller, check: () => Promise<Caller | undefined>): Promise<boolean> {
  const facts = ({ name, uid, groups }: Caller['subject']) => JSON.stringify([name, uid, groups])
  return check().then(
    (now) => now !== undefined && facts(now.subject) === facts(subject),
    () => false,
  )
}

/** Resolves when more may be written, or the reader is gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBodyBytes) throw new Fault('ERR_BODY_TOO_LARGE', 'The control call is larger than 64 KiB.')
    chunks.push(chunk)
  }
  if (size === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch (cause) {
    throw new Fault('ERR_USAGE', 'The control call is not JSON.', { cause })
  }
}

function refuse(response: ServerResponse, fault: Fault): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const code = httpCode(fault.code)
  response
    .writeHead(code, { 'content-type': 'application/json' })
    .end(JSON.stringify({ ...failure(code, fault.code, fault.message), advice: fault.advice }))
}

/** Ends sessions whose screen has been gone for `lifelineMs`. */
class Lifelines {
  readonly #end: (sessionID: string) => Promise<unknown>
  readonly #held = new Map<string, { streams: number; timer: NodeJS.Timeout | undefined }>()
  #closed = false

  constructor(end: (sessionID: string) => Promise<unknown>) {
    this.#end = end
  }

  hold(sessionID: string): () => void {
    const line = this.#held.get(sessionID) ?? { streams: 0, timer: undefined }
    line.streams++
    clearTimeout(line.timer)
    this.#held.set(sessionID, line)
    return () => {
      line.streams--
      if (line.streams > 0 || this.#closed) return
      line.timer = setTimeout(() => this.#expire(sessionID), lifelineMs)
      line.timer.unref()
    }
  }

  close(): void {
    this.#closed = true
    for (const line of this.#held.values()) clearTimeout(line.timer)
  }

  #expire(sessionID: string): void {
    this.#held.delete(sessionID)
    this.#end(sessionID).catch((thrown: unknown) => {
      process.emitWarning(`Session ${sessionID} could not be ended: ${toFault(thrown).message}`)
    })
  }
}
