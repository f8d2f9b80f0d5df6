import type { BrokerInfo, ClientEvent, ControlClient, RequestNote } from '../../../src/control/contract.ts'
import type { HeldRequest } from '../../../src/model/held.ts'
import type { Session } from '../../../src/model/session.ts'
import type { Subject } from '../../../src/model/subject.ts'

/** Monday noon, UTC: the tests' own time. */
export const noon = Date.parse('2026-11-23T12:00:00Z')

export function at(minutes: number): string {
  return new Date(noon + minutes * 60_000).toISOString()
}

export function subject(name: string, groups: readonly string[] = []): Subject {
  return { name, uid: name, groups, extra: {}, authenticatedBy: 'local' }
}

export const session: Session = {
  id: 's-abcdefgh',
  kind: 'shell',
  subject: subject('olivia', ['developers']),
  mode: 'local',
  command: ['bash'],
  startedAt: at(-30),
  recording: '',
  counts: { requests: 41, held: 0, denied: 0, masked: 2 },
}

export const info: BrokerInfo = {
  version: '0.1.0',
  mode: 'local',
  context: 'practice',
  server: 'https://127.0.0.1:6443',
  identity: 'https://127.0.0.1:6443 system',
  practice: true,
  policy: { name: 'default', digest: 'f'.repeat(64) },
  endpoint: 'https://127.0.0.1:7443',
  caFile: '/nowhere/ca.pem',
  pid: 1,
  you: { name: 'olivia', groups: ['developers'], role: 'operator' },
}

export const reviewerInfo: BrokerInfo = {
  ...info,
  you: { name: 'rita', groups: ['platform-leads'], role: 'reviewer' },
}

/** `kubectl delete namespace shop-staging`, held for a review by platform-leads. */
export function heldRequest(change: Partial<HeldRequest> = {}): HeldRequest {
  return {
    id: 'h-abc234',
    auditID: '0c2b4f5e-0000-4000-8000-000000000001',
    sessionID: session.id,
    subject: session.subject,
    request: {
      kind: 'resource',
      verb: 'delete',
      apiGroup: '',
      apiVersion: 'v1',
      namespace: 'shop-staging',
      resource: 'namespaces',
      subresource: '',
      name: 'shop-staging',
      fieldSelector: '',
      labelSelector: '',
      dryRun: false,
      effects: ['write'],
      path: '/api/v1/namespaces/shop-staging',
    },
    command: 'kubectl delete namespace shop-staging',
    claimedCommand: '',
    method: 'DELETE',
    target: '/api/v1/namespaces/shop-staging',
    body: '{\n  "kind": "DeleteOptions",\n  "apiVersion": "v1",\n  "propagationPolicy": "Background"\n}',
    digest: '3f2a91c0'.repeat(8),
    reasons: [
      {
        code: 'rule-holds',
        rule: 'default/namespaces-are-forever',
        message: 'Deleting a namespace deletes everything in it, so a second person looks first.',
      },
    ],
    requirement: { kind: 'review', reviewers: [{ group: 'platform-leads' }], count: 1, expiresAfterMs: 900_000 },
    state: 'pending',
    createdAt: at(0),
    expiresAt: at(15),
    comment: '',
    reviews: [],
    waiting: true,
    outcome: '',
    ...change,
  }
}

/** One ended request, `seconds` after noon. */
export function note(seconds: number, change: Partial<RequestNote> = {}): RequestNote {
  return {
    sessionID: session.id,
    auditID: `audit-${seconds}-${change.command ?? ''}`,
    at: new Date(noon + seconds * 1000).toISOString(),
    durationMs: 12,
    command: 'kubectl get pods -n shop',
    claimedCommand: '',
    discovery: false,
    decision: 'allow',
    reason: { code: 'rule-allows', message: 'Reading is allowed.', rule: 'default/reads' },
    rules: ['default/reads'],
    heldID: '',
    reviewers: [],
    statusCode: 200,
    masked: 0,
    ...change,
  }
}

export function confirmable(change: Partial<HeldRequest> = {}): HeldRequest {
  return heldRequest({
    id: 'h-cnf234',
    command: 'kubectl delete pod web-0 -n shop',
    requirement: { kind: 'confirm', expiresAfterMs: 300_000 },
    reasons: [{ code: 'rule-holds', rule: 'default/pods', message: 'Look twice before a pod goes.' }],
    digest: '77aa00bb'.repeat(8),
    ...change,
  })
}

export function approvedBy(held: HeldRequest, name: string, comment = ''): HeldRequest {
  const review = { reviewer: subject(name), verdict: 'approve' as const, at: at(1), comment, digest: held.digest }
  return { ...held, state: 'approved', reviews: [review] }
}

export function deniedBy(held: HeldRequest, name: string, comment: string): HeldRequest {
  const review = { reviewer: subject(name), verdict: 'deny' as const, at: at(1), comment, digest: held.digest }
  return { ...held, state: 'denied', reviews: [review], outcome: comment }
}

/** A broker that says what the test tells it to, and remembers every order it was given. */
export class FakeClient implements ControlClient {
  readonly calls: { readonly call: string; readonly args: readonly unknown[] }[] = []
  answer: (call: string) => Promise<HeldRequest> = () => Promise.resolve(heldRequest())
  readonly #info: BrokerInfo
  readonly #queue: ClientEvent[] = []
  #wake: () => void = () => {}

  constructor(brokerInfo: BrokerInfo = info) {
    this.#info = brokerInfo
  }

  say(...events: readonly ClientEvent[]): void {
    this.#queue.push(...events)
    this.#wake()
  }

  hello(...held: readonly HeldRequest[]): void {
    this.say({ type: 'hello', held, sessions: [session] })
  }

  called(name: string): number {
    return this.calls.filter(({ call }) => call === name).length
  }

  async *events(signal: AbortSignal): AsyncGenerator<ClientEvent> {
    signal.addEventListener('abort', () => this.#wake())
    while (!signal.aborted) {
      const event = this.#queue.shift()
      if (event !== undefined) yield event
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  info = () => Promise.resolve(this.#info)
  beginSession = () => Promise.reject(new Error('no screen begins a session'))
  renewSession = () => Promise.reject(new Error('no screen renews a session'))
  nameRecording = () => Promise.reject(new Error('no screen names a recording'))
  endSession = () => Promise.reject(new Error('no screen ends a session'))
  listHeld = () => Promise.resolve([])
  listSessions = () => Promise.reject(new Error('no screen lists sessions by itself'))
  revoke = () => Promise.reject(new Error('no screen revokes'))
  getHeld = () => Promise.resolve(heldRequest())
  review = (...args: readonly unknown[]) => this.#note('review', args)
  confirm = (...args: readonly unknown[]) => this.#note('confirm', args)
  withdraw = (...args: readonly unknown[]) => this.#note('withdraw', args)
  moveHeld = (...args: readonly unknown[]) => this.#note('moveHeld', args)
  comment = (...args: readonly unknown[]) => this.#note('comment', args)
  async [Symbol.asyncDispose](): Promise<void> {}

  #note(call: string, args: readonly unknown[]): Promise<HeldRequest> {
    this.calls.push({ call, args })
    return this.answer(call)
  }
}
