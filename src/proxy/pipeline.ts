import type { Upstream } from '../kube/port.ts'
import type { Reason } from '../model/decision.ts'
import { Fault, toFault } from '../model/fault.ts'
import { isLongRunning, isMutation, type JsonObject, type RequestAttributes } from '../model/request.ts'
import { failure } from '../model/status.ts'
import { describe } from '../request/attributes.ts'
import { canonicalRequest } from '../request/canonical.ts'
import { bodyName, decodeBody, mediaType, withBody } from '../request/decode.ts'
import { equivalentCommand, quote } from '../request/kubectl.ts'
import { revealOf } from '../request/reveal.ts'
import { parseTarget, type RequestTarget } from '../request/target.ts'
import { actingAs } from './acting.ts'
import { readBody } from './body.ts'
import { borrow } from './borrowed.ts'
import { canIAnswer, sendCanI } from './can-i.ts'
import type { ClientReply, ClientRequest } from './client.ts'
import { deliver, endWatch, sendStatus } from './deliver.ts'
import { isDiscovery } from './discovery.ts'
import { forward, negotiate } from './forward.ts'
import type { Gate } from './gate.ts'
import { assertUnambiguous } from './headers.ts'
import { objectsOf, oldObjectOf, restored, underneath } from './restored.ts'
import { sendRevealed } from './reveal.ts'
import { decideMatter, inputOf, settle, type Matter, type Settled } from './settle.ts'
import { shownQuery } from './shown-target.ts'
import type { Stations } from './stations.ts'
import { faultReason, faultStatus, refusalOf } from './status.ts'
import type { StreamLimit } from './stream-limit.ts'
import { Trace } from './trace.ts'
import { assertStillIn, Vigil } from './vigil.ts'

export interface Parts {
  readonly stations: Stations
  readonly upstream: Upstream
  readonly clock: { now(): Date }
  readonly newAuditID: () => string
  /** True = the cluster acts for the caller, by the caller's rights; false = for the broker's own credential. */
  readonly impersonate?: boolean
}

/** What the listener keeps over all its requests. */
interface House extends Parts {
  readonly streams: StreamLimit
  readonly gate: Gate
}

/** One request on its way through the house. */
interface Exchange {
  readonly asked: ClientRequest
  readonly reply: ClientReply
  readonly trace: Trace
  /** Aborts when the client leaves before its answer is complete. */
  readonly gone: AbortSignal
  /** Aborts when the broker ends and has waited long enough. */
  readonly closing: AbortSignal
}

type Go = Extract<Settled, { kind: 'go' }>

/** The way of a request, from identify to the journal's last line. Never rejects. */
export async function serve(
  asked: ClientRequest,
  reply: ClientReply,
  parts: House,
  closing: AbortSignal,
): Promise<void> {
  const trace = new Trace(asked, parts.stations, parts.newAuditID(), () => parts.clock.now())
  const exchange: Exchange = { asked, reply, trace, gone: goneSignal(reply), closing }
  try {
    await travel(exchange, parts)
  } catch (thrown) {
    fail(exchange, thrown)
  } finally {
    await trace.completed().catch(() => reply.breakOff())
  }
}

async function travel(exchange: Exchange, parts: House): Promise<void> {
  const { trace, gone } = exchange
  const { stations } = parts

  const matter = await prepare(exchange, parts)
  const decision = (trace.decision = decideMatter(matter, stations))
  if (decision.effect !== 'deny') stations.spend(inputOf(matter))
  if (decision.effect === 'hold') trace.digest = matter.canonical.digest
  await trace.received()

  if (decision.effect !== 'deny' && wantsUpgrade(exchange.asked, matter.request)) return refuse(exchange, noUpgrade)
  const accept = negotiate(exchange.asked, matter.request)
  if (accept === undefined) return refuseMedia(exchange)

  const settled = await settle(decision, matter, trace, stations, gone)
  if (settled.kind === 'refused') return refuse(exchange, settled.reason)
  const answer = canIAnswer(matter, stations)
  if (answer !== undefined) return answerSelf(exchange, settled, answer)
  if (!isLongRunning(matter.request)) return carryOut(exchange, matter, settled, accept, parts)
  const leave = parts.streams.enter(matter.session.id)
  if (leave === undefined) {
    await settled.complete({ ok: false, summary: tooManyStreams.message })
    return refuse(exchange, tooManyStreams)
  }
  try {
    await carryOut(exchange, matter, settled, accept, parts)
  } finally {
    leave()
  }
}

/** identify, describe, and read the body into the value that is judged, masked values put back. */
async function prepare({ asked, trace, gone, closing }: Exchange, house: House): Promise<Matter> {
  const { stations, gate } = house
  assertUnambiguous(asked)
  const identified = async () => {
    const caller = (trace.caller = await stations.identify(asked.headers.authorization))
    gate.admit(asked.ends)
    trace.borrowed = borrow(asked, caller, house)
    return { caller, borrowed: trace.borrowed }
  }
  const known = await identified()
  const target = (trace.target = parseTarget(asked.target))
  const { method } = asked
  const contentType = mediaType(asked.headers['content-type'])
  const described = (trace.request = describe(method, target, contentType))
  nameCommand(trace, described, target)
  const bytes = await readBody(asked)
  // Whoever lets a body wait is whom they are when it has come.
  const { caller, borrowed } = bytes.length === 0 ? known : await identified()
  const sent = decodeBody(method, contentType, bytes, described)
  const written = { asked, ...caller, request: described, target, body: sent, auditID: trace.auditID, borrowed }
  const body = await restored({ ...written, gone, closing }, house)
  const request = (trace.request = withBody(described, body))
  if (body.value !== undefined) nameCommand(trace, request, target, bodyName(body.value))
  const canonical = canonicalRequest({
    method,
    target: target.encoded,
    contentType: body.contentType,
    body: body.bytes,
  })
  if (isMutation(request)) trace.digest = canonical.digest
  const whole = { ...written, request, gone, closing }
  const reread = async () => ({
    oldObject: await oldObjectOf(whole, body.value, house),
    objects: await objectsOf(whole, house),
    under: await underneath(whole, house),
  })
  const stored = await reread()
  const isStored = stored.oldObject !== undefined || stored.objects !== undefined || stored.under !== undefined
  return {
    ...caller,
    borrowed,
    request,
    canonical,
    object: body.value,
    ...stored,
    ...(isStored ? { reread } : {}),
    asSent: sent.value,
    reveal: revealOf(method, request, target),
  }
}

function nameCommand(trace: Trace, request: RequestAttributes, target: RequestTarget, name = ''): void {
  const { query } = target
  const shown = shownQuery(query)
  const as = trace.borrowed === undefined ? '' : ` --as=${quote(trace.borrowed.user)}`
  trace.command = equivalentCommand(request, query, name) + as
  trace.shownCommand = shown === query ? trace.command : equivalentCommand(request, shown, name) + as
}

/** forward, mask, client; and the approval, if there was one, learns the outcome. */
async function carryOut(
  exchange: Exchange,
  matter: Matter,
  settled: Go,
  accept: string,
  { stations, upstream, impersonate = false }: Parts,
): Promise<void> {
  const { asked, reply, trace, gone, closing } = exchange
  const { request, reveal } = matter
  trace.reason = settled.reason
  const { auditID } = trace
  let result = { ok: false, summary: '' }
  const identified = new Vigil(() =>
    assertStillIn(matter.subject, () => stations.identify(asked.headers.authorization)),
  )
  const isStream = isLongRunning(request)
  const ends = isStream ? AbortSignal.any([gone, identified.lost]) : gone
  // A client that does not read would keep its stream: who reads is told by `fail`.
  if (isStream) identified.lost.addEventListener('abort', () => reply.out.writableNeedDrain && reply.breakOff())
  try {
    // A review, or a disk under the journal, can make a request wait for as long as it likes.
    if (trace.held !== undefined || isMutation(request)) await identified.check()
    if (isStream) identified.keep()
    trace.forwarded = true
    const answer = await forward(asked, request, reveal?.upstream ?? matter.canonical, {
      accept: reveal === undefined ? accept : 'application/json',
      auditID,
      upstream,
      party: matter.session.id,
      as: impersonate ? actingAs(matter, { auditID, held: trace.held?.id }) : undefined,
      gone: ends,
      closing,
    })
    trace.answer = { code: (trace.upstreamCode = answer.statusCode) }
    trace.outcome = 'completed'
    result = { ok: answer.statusCode < 400, summary: `The API server answered ${answer.statusCode}.` }
    if (reveal !== undefined && answer.statusCode < 300) {
      await sendRevealed(reply, answer, reveal, auditID)
      return
    }
    const masker = settled.masker.active && !isDiscovery(request) ? settled.masker : undefined
    await deliver(
      reply,
      answer,
      {
        auditID,
        masker,
        headOnly: asked.method === 'HEAD',
        streaming: isStream,
        warnings: masker === undefined || !isMutation(request),
        retryAfter: !isMutation(request),
      },
      (masked) => (trace.masked = masked.count),
      trace.tail,
    )
    if (gone.aborted) cancelled(trace)
  } catch (thrown) {
    if (trace.outcome !== 'completed') {
      trace.outcome = trace.forwarded && isMutation(request) ? 'unknown' : 'failed'
      result = { ok: false, summary: toFault(thrown).message }
    }
    throw identified.lost.aborted ? identified.lost.reason : thrown
  } finally {
    identified.end()
    await settled.complete(result)
  }
}

/** What the cluster is not asked, since the policy has the word. */
async function answerSelf({ reply, trace }: Exchange, settled: Go, answer: JsonObject): Promise<void> {
  trace.reason = settled.reason
  trace.answer = { code: 201 }
  trace.outcome = 'completed'
  sendCanI(reply, answer, trace.auditID)
  await settled.complete({ ok: true, summary: 'Chaperone answered by its policy.' })
}

/** Ends an exchange on which something threw: a Status while that is possible, else a broken connection, never a clean end. */
function fail({ asked, reply, trace, gone }: Exchange, thrown: unknown): void {
  const fault = toFault(thrown)
  const sessionEnded = fault.code === 'ERR_UNAUTHENTICATED' && trace.caller !== undefined
  if (gone.aborted && !sessionEnded) return cancelled(trace)
  const code = sessionEnded ? 'session-ended' : faultReason(fault)
  const reason: Reason = { code, message: fault.sentence }
  if (reply.begun) {
    trace.breakOff(reason)
    if (sessionEnded && trace.request?.verb === 'watch' && trace.tail.isLineEnd) {
      endWatch(reply, faultStatus(fault, trace.auditID))
    } else reply.breakOff()
    return
  }
  const status = faultStatus(fault, trace.auditID, trace.mayHaveWritten ? trace.upstreamCode : undefined)
  const outcome = trace.forwarded ? (trace.outcome === 'unknown' ? 'unknown' : 'failed') : 'refused'
  trace.refuse(status, reason, outcome)
  sendStatus(reply, status, trace.auditID, asked.method === 'HEAD')
}

function refuse({ asked, reply, trace, gone }: Exchange, reason: Reason): void {
  if (gone.aborted && reason.code !== 'withdrawn') return cancelled(trace)
  const { auditID, decision, held } = trace
  const status = refusalOf({ reason, auditID, decision, heldID: held?.id })
  trace.refuse(status, reason, gone.aborted ? 'cancelled' : 'refused')
  if (!gone.aborted) sendStatus(reply, status, trace.auditID, asked.method === 'HEAD')
}

function cancelled(trace: Trace): void {
  if (trace.outcome !== 'unknown') trace.outcome = 'cancelled'
  if (!trace.forwarded) trace.answer = { code: 499 }
  trace.reason = { code: 'client-gone', message: 'The client went away before its answer was complete.' }
}

const noUpgrade: Reason = {
  code: 'upgrade-not-supported',
  message: 'exec, attach, port-forward and cp do not pass through Chaperone yet.',
}

const tooManyStreams: Reason = {
  code: 'too-many-streams',
  message: 'This session already has as many watches and streams as one session may have. Close some of them first.',
}

const upgrading: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward'])

function wantsUpgrade(asked: ClientRequest, request: RequestAttributes): boolean {
  return asked.headers.upgrade !== undefined || (request.kind === 'resource' && upgrading.has(request.subresource))
}

function refuseMedia({ asked, reply, trace }: Exchange): void {
  const message = 'Chaperone answers with JSON only, and the Accept header of the request does not take it.'
  const status = failure(406, 'NotAcceptable', message)
  trace.refuse(status, { code: 'malformed-request', message }, 'refused')
  sendStatus(reply, status, trace.auditID, asked.method === 'HEAD')
}

function goneSignal(reply: ClientReply): AbortSignal {
  const controller = new AbortController()
  reply.onGone(() => controller.abort(new Fault('ERR_INTERNAL', 'The client went away.')))
  return controller.signal
}
