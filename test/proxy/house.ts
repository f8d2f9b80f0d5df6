import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HoldAsk, Park } from '../../src/approval/port.ts'
import { credentialFrom } from '../../src/kube/credential.ts'
import { connectUpstream } from '../../src/kube/transport.ts'
import type { Masker } from '../../src/mask/port.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import type { Decision } from '../../src/model/decision.ts'
import type { Durability } from '../../src/journal/port.ts'
import { Fault } from '../../src/model/fault.ts'
import type { ResourceRequest } from '../../src/model/request.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import type { Session } from '../../src/model/session.ts'
import type { Subject } from '../../src/model/subject.ts'
import type { DecisionInput } from '../../src/policy/port.ts'
import { startProxy, type Proxy } from '../../src/proxy/listener.ts'
import type { Observe, Stations } from '../../src/proxy/stations.ts'
import { issued, type Pem } from './certificate.ts'

export const upstreamToken = 'upstream-credential-that-must-not-leak'

export interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A proxy between a test's client and a small real TLS upstream; each station can be replaced. */
export interface House {
  readonly endpoint: string
  readonly ca: string
  readonly proxy: Proxy
  readonly upstream: Server
  /** Requests the upstream received, in order. */
  readonly arrived: Arrived[]
  readonly journal: AuditEvent[]
  readonly notes: Parameters<Observe>[0][]
  readonly asks: HoldAsk[]
  /** The last line of the `nth` request, now or as soon as it is written. */
  completed(nth?: number): Promise<AuditEvent>
  /** The first line for which `wanted` holds, now or as soon as it is written. */
  line(wanted: (event: AuditEvent) => boolean): Promise<AuditEvent>
  close(): Promise<void>
}

export type Handler = (message: IncomingMessage, response: ServerResponse, body: string) => void

export interface HouseOptions {
  readonly handler?: Handler
  readonly decide?: (input: DecisionInput) => Decision
  readonly identify?: Stations['identify']
  readonly park?: Park
  readonly oblige?: Stations['oblige']
  readonly restore?: Stations['restore']
  readonly asksOldObject?: Stations['asksOldObject']
  readonly countsObjects?: Stations['countsObjects']
  readonly spend?: Stations['spend']
  readonly keepAliveMs?: number
  readonly append?: (event: AuditEvent, durability: Durability) => Promise<void>
}

export const subject: Subject = {
  name: 'alice',
  uid: 'u-1',
  groups: ['developers'],
  extra: {},
  authenticatedBy: 'session-token',
}
export const session: Session = {
  id: 's-abcdefgh',
  kind: 'shell',
  subject,
  mode: 'local',
  command: ['bash'],
  startedAt: '2026-11-23T06:00:00.000Z',
  recording: '',
  counts: { requests: 0, held: 0, denied: 0, masked: 0 },
}
export const clientToken = 'client-token'

export const allow: Decision = {
  effect: 'allow',
  reasons: [{ code: 'rule-allows', rule: 'test/allow', message: 'Allowed.' }],
  obligations: [],
  policyDigest: 'd'.repeat(64),
}
export const deny: Decision = {
  ...allow,
  effect: 'deny',
  reasons: [{ code: 'rule-denies', rule: 'test/deny', message: 'Not here.' }],
}
export const hold: Decision = {
  ...allow,
  effect: 'hold',
  reasons: [{ code: 'rule-holds', rule: 'test/hold', message: 'A second person looks first.' }],
  requirement: { kind: 'review', reviewers: [{ group: 'leads' }], count: 1, expiresAfterMs: 60_000 },
}

export const plainMasker: Masker = {
  active: false,
  answer: (answer) => ({ body: answer.body, count: () => 0 }),
  describeBody: (body) => JSON.stringify(body),
  writesHidden: () => false,
  guardWrite: () => {},
}

export function heldFrom(ask: HoldAsk): HeldRequest {
  return {
    id: 'h-abcdef',
    auditID: ask.auditID,
    sessionID: ask.session.id,
    subject: ask.subject,
    request: ask.request,
    command: ask.command,
    claimedCommand: ask.claimedCommand,
    method: ask.canonical.method,
    target: ask.canonical.target,
    body: ask.shownBody,
    digest: ask.canonical.digest,
    reasons: ask.decision.reasons,
    requirement: ask.decision.requirement,
    state: 'pending',
    createdAt: '2026-11-23T06:00:00.000Z',
    expiresAt: '2026-11-23T06:15:00.000Z',
    comment: '',
    reviews: [],
    waiting: true,
    outcome: '',
  }
}

export const knownToken: Stations['identify'] = (authorization) =>
  authorization === `Bearer ${clientToken}`
    ? Promise.resolve({ subject, session })
    : Promise.reject(new Fault('ERR_UNAUTHENTICATED', 'The token is not known.'))

export const nothingToRestore: Stations['restore'] = {
  isNeeded: (_body, _request): _request is ResourceRequest => false,
  asksStored: (_body, _request, _contentType): _request is ResourceRequest => false,
  releaseOf: () => undefined,
  restore: (body) => body,
}

let pems: Promise<{ broker: Pem; cluster: Pem }> | undefined

export function certificates(): Promise<{ broker: Pem; cluster: Pem }> {
  pems ??= Promise.all([issued(), issued()]).then(([broker, cluster]) => ({ broker, cluster }))
  return pems
}

const ok: Handler = (_message, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"kind":"Status","status":"Success"}')
}

/** Opens a house, lives the story in it, and closes it whatever happens. */
export async function inHouse(options: HouseOptions, story: (house: House) => Promise<void>): Promise<void> {
  const house = await openHouse(options)
  try {
    await story(house)
  } finally {
    await house.close()
  }
}

async function openHouse(options: HouseOptions): Promise<House> {
  const { broker, cluster } = await certificates()
  const arrived: Arrived[] = []
  const journal: AuditEvent[] = []
  const notes: Parameters<Observe>[0][] = []
  const asks: HoldAsk[] = []
  const watchers = new Set<() => void>()
  const handler = options.handler ?? ok
  const upstream = createServer({ key: cluster.key, cert: cluster.cert }, (message, response) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      arrived.push({ method: message.method ?? '', url: message.url ?? '', headers: message.headers, body })
      handler(message, response, body)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const server = new URL(`https://127.0.0.1:${(upstream.address() as AddressInfo).port}`)
  const connected = connectUpstream({
    context: 'test',
    server,
    ca: cluster.ca,

    serverName: undefined,
    proxy: undefined,
    credential: credentialFrom(() => Promise.resolve({ token: upstreamToken })),
  })
  const stations: Stations = {
    identify: options.identify ?? knownToken,
    decide: options.decide ?? (() => allow),
    park: (ask, signal) => {
      asks.push(ask)
      if (options.park === undefined) throw new Error('nothing parks in this test')
      return options.park(ask, signal)
    },
    spend: options.spend ?? (() => undefined),
    countsObjects: options.countsObjects ?? (() => undefined),
    asksOldObject: options.asksOldObject ?? (() => false),
    oblige: options.oblige ?? (() => plainMasker),
    restore: options.restore ?? nothingToRestore,
    journal: {
      append: async (event, durability) => {
        await options.append?.(event, durability)
        journal.push(event)
        for (const watcher of watchers) watcher()
      },
    },
    observe: (note) => notes.push(note),
  }
  const line = (wanted: (event: AuditEvent) => boolean) =>
    new Promise<AuditEvent>((resolve) => {
      const look = () => {
        const found = journal.find(wanted)
        if (found === undefined) return
        watchers.delete(look)
        resolve(found)
      }
      watchers.add(look)
      look()
    })
  let count = 0
  const proxy = await startProxy({
    host: '127.0.0.1',
    port: 0,
    tls: broker,
    stations,
    upstream: connected,
    clock: { now: () => new Date('2026-11-23T06:00:00.000Z') },
    ...(options.keepAliveMs === undefined ? {} : { keepAliveMs: options.keepAliveMs }),
    newAuditID: () => `audit-${++count}`,
  })
  return {
    endpoint: proxy.endpoint,
    ca: broker.ca,
    proxy,
    upstream,
    arrived,
    journal,
    notes,
    asks,
    completed: (nth = 1) => line((event) => event.stage === 'ResponseComplete' && event.auditID === `audit-${nth}`),
    line,
    close: async () => {
      await proxy.close(0)
      await connected.close()
      upstream.closeAllConnections()
      await new Promise((resolve) => upstream.close(resolve))
    },
  }
}
