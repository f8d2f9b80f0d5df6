import { Agent, request } from 'undici'
import { Fault, toFault } from '../model/fault.ts'
import type { HeldRequest } from '../model/held.ts'
import type { Session } from '../model/session.ts'
import type { FaultCode } from '../model/fault.ts'
import type {
  BrokerEvent,
  BrokerInfo,
  ClientEvent,
  ControlClient,
  ReviewRequest,
  SessionGrant,
  SessionRequest,
} from './contract.ts'

export interface ClientOptions {
  /** `https://127.0.0.1:PORT` of the control API. */
  readonly endpoint: string
  readonly caPem: string
  /** Asked for before each call, where it is one that is renewed. */
  readonly token: string | (() => Promise<string>)
  /** Names the session whose lifeline the event stream is. */
  readonly sessionID?: string
}

/** A silent stream this long is dead: the broker sends a heartbeat every 10 s. */
const silenceMs = 25_000
/** First pause before a reconnect; doubles up to the second figure. */
const reconnectMs = [200, 3_000] as const

/** Connects to a broker's control API; nothing is sent before the first call. */
export function connectControl(options: ClientOptions): ControlClient {
  const agent = new Agent({
    connect: { ca: options.caPem, timeout: 5_000 },
    headersTimeout: 30_000,
    bodyTimeout: silenceMs,
  })
  const { token } = options
  const headersOf = async () => ({
    authorization: `Bearer ${typeof token === 'string' ? token : await token()}`,
    'user-agent': 'chaperone',
  })

  async function call<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<T> {
    try {
      const headers = await headersOf()
      const answer = await request(`${options.endpoint}/v1/${path}`, {
        dispatcher: agent,
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.body.text()
      if (answer.statusCode === 200) return JSON.parse(text) as T
      throw statusFault(text, answer.statusCode)
    } catch (thrown) {
      throw brokerFault(thrown)
    }
  }

  async function* stream(signal: AbortSignal): AsyncGenerator<BrokerEvent> {
    const query = options.sessionID === undefined ? '' : `?session=${encodeURIComponent(options.sessionID)}`
    const headers = await headersOf()
    const answer = await request(`${options.endpoint}/v1/events${query}`, { dispatcher: agent, headers, signal })
    if (answer.statusCode !== 200) throw statusFault(await answer.body.text(), answer.statusCode)
    let pending = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      pending += decoder.decode(chunk, { stream: true })
      const lines = pending.split('\n')
      pending = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as BrokerEvent
    }
  }

  async function* events(signal: AbortSignal): ReturnType<ControlClient['events']> {
    let pause: number = reconnectMs[0]
    while (!signal.aborted) {
      let end: ClientEvent | undefined = { type: 'lost', reason: 'it closed the connection' }
      try {
        for await (const event of stream(signal)) {
          pause = reconnectMs[0]
          if (event.type === 'renew') {
            end = undefined
            break
          }
          yield event
          if (event.type === 'goodbye') return
        }
      } catch (thrown) {
        if (signal.aborted) return
        end = endOf(thrown)
      }
      if (end === undefined) continue
      yield end
      await pauseFor(pause, signal)
      pause = Math.min(pause * 2, reconnectMs[1])
    }
  }

  const at = (id: string) => encodeURIComponent(id)
  return {
    info: () => call<BrokerInfo>('GET', 'info'),
    beginSession: (ask: SessionRequest) => call<SessionGrant>('POST', 'sessions', ask),
    renewSession: (id) => call<Session>('POST', `sessions/${at(id)}/renew`),
    nameRecording: (id, recording) => call<Session>('PATCH', `sessions/${at(id)}`, { recording }),
    endSession: (id) => call<Session>('POST', `sessions/${at(id)}/end`),
    listHeld: (state) => call<HeldRequest[]>('GET', state === undefined ? 'held' : `held?state=${state}`),
    getHeld: (id) => call<HeldRequest>('GET', `held/${at(id)}`),
    review: (id, review: ReviewRequest) => call<HeldRequest>('POST', `held/${at(id)}/review`, review),
    confirm: (id, digest) => call<HeldRequest>('POST', `held/${at(id)}/confirm`, { digest }),
    revoke: (which) => call<Session[]>('POST', 'sessions/revoke', which),
    listSessions: () => call<Session[]>('GET', 'sessions'),
    withdraw: (id) => call<HeldRequest>('POST', `held/${at(id)}/withdraw`),
    moveHeld: (id, sessionID) => call<HeldRequest>('POST', `held/${at(id)}/move`, { sessionID }),
    comment: (id, comment) => call<HeldRequest>('POST', `held/${at(id)}/comment`, { comment }),
    events,
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

function endOf(thrown: unknown): ClientEvent {
  if (!(thrown instanceof Fault)) return { type: 'lost', reason: causeOf(thrown) }
  if (thrown.code === 'ERR_UNAUTHENTICATED') return { type: 'refused', reason: thrown.message }
  return { type: 'lost', reason: thrown.message }
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}

function statusFault(text: string, statusCode: number): Fault {
  try {
    const status = JSON.parse(text) as { reason?: FaultCode; message?: string; advice?: string }
    return new Fault(status.reason ?? 'ERR_BROKER', status.message ?? `The broker answered ${statusCode}.`, {
      advice: status.advice ?? '',
    })
  } catch (cause) {
    return new Fault('ERR_BROKER', `The broker answered ${statusCode} and no Status.`, { cause })
  }
}

function brokerFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  return new Fault('ERR_BROKER', `The broker does not answer (${causeOf(thrown)}).`, {
    advice: 'Start it with `chaperone serve` or `chaperone shell`.',
    cause: thrown,
  })
}

/** The code that Node or undici gives, as `ECONNREFUSED`; else what they say. */
function causeOf(thrown: unknown): string {
  return (thrown as { code?: string }).code ?? toFault(thrown).message
}
