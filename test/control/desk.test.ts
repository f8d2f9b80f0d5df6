import { once } from 'node:events'
import { request as rawRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { randomBytes, randomUUID } from 'node:crypto'
import { Agent, request } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectControl } from '../../src/control/client.ts'
import type { BrokerEvent, ReviewRequest } from '../../src/control/contract.ts'
import { EventHub } from '../../src/control/events.ts'
import { startControl, type ControlServer } from '../../src/control/server.ts'
import type { Approvals } from '../../src/approval/port.ts'
import { localSubject } from '../../src/identity/local.ts'
import { SignInLimit } from '../../src/identity/sign-in-limit.ts'
import { newToken, tokenHash } from '../../src/identity/tokens.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import { Fault } from '../../src/model/fault.ts'
import { SessionRegistry } from '../../src/session/registry.ts'
import { openTrust } from '../../src/trust/trust.ts'
import { temporaryFolder } from '../support/tmp.ts'

const operator = localSubject({ name: 'ana', uid: 1000 })
const reviewer = { ...operator, name: 'bob', uid: 'reviewer:bob', groups: ['leads'] }
const operatorToken = newToken()
const reviewerToken = newToken()
const person = { ...operator, name: 'eve', uid: 'e-1', groups: ['leads'], authenticatedBy: 'jwt' } as const
/** As a JSON Web Token looks. */
const personToken = `${newToken()}.${newToken()}.${newToken()}`
const digest = 'a'.repeat(64)

let parts: AsyncDisposableStack
let server: ControlServer
let caPem: string
let journal: AuditEvent[]
let refusals: AuditEvent[]
let beforeWritten: () => Promise<void>
let outdated: boolean
let journalFails: boolean
let orders: string[]
let hub: EventHub
let peopleSignIn: boolean
let until: number
let reviewerNow: typeof reviewer | undefined
let sessions: SessionRegistry

/** Records what reaches the held requests; what they do with it is the approval room's own story. */
function approvals(): Approvals {
  const order = (name: string) => (id: string) => {
    orders.push(`${name} ${id}`)
    return Promise.reject(new Fault('ERR_CONFLICT', `${id} is not pending any more.`, { advice: 'Look again.' }))
  }
  return {
    park: () => Promise.reject(new Error('not part of this story')),
    list: () => [],
    get: (id) => {
      throw new Fault('ERR_NOT_FOUND', `There is no held request ${id}.`)
    },
    review: order('review'),
    confirm: order('confirm'),
    withdraw: order('withdraw'),
    comment: order('comment'),
    moveTo: (sessionID, id) => order(`move to ${sessionID}`)(id),
    endSession: (id) => {
      orders.push(`end ${id}`)
      return Promise.resolve()
    },
    subscribe: () => () => undefined,
  }
}

beforeEach(async () => {
  parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder())
  const trust = await openTrust({ folder: folder.path })
  caPem = trust.caPem
  const certificate = await trust.issueServerCertificate({ hosts: ['127.0.0.1', 'localhost'], days: 1 })
  journal = []
  refusals = []
  journalFails = false
  beforeWritten = () => Promise.resolve()
  outdated = false
  peopleSignIn = false
  until = Date.now() + 600_000
  reviewerNow = reviewer
  orders = []
  hub = new EventHub()
  sessions = new SessionRegistry({ now: () => new Date(), random: (n) => randomBytes(n), newToken, hash: tokenHash })
  server = await startControl({
    host: '127.0.0.1',
    port: 0,
    tls: { key: certificate.keyPem, cert: certificate.certPem },
    desk: {
      get signIn() {
        return peopleSignIn
      },
      info: () => ({
        version: '0',
        mode: 'local',
        context: 'practice',
        server: 'https://127.0.0.1:1',
        identity: 'https://127.0.0.1 system',
        practice: true,
        policy: { name: 'built-in', digest: '' },
        endpoint: 'https://127.0.0.1:2',
        caFile: trust.caFile,
        pid: 1,
      }),
      sessions,
      approvals: approvals(),
    },
    hub,
    journal: {
      append: (event) => {
        if (journalFails) return Promise.reject(new Fault('ERR_JOURNAL', 'The disk is full.'))
        journal.push(event)
        return beforeWritten()
      },
    },
    authenticate: (header) => {
      if (header === `Bearer ${operatorToken}`) return Promise.resolve({ subject: operator, role: 'operator' })
      if (header === `Bearer ${reviewerToken}` && reviewerNow !== undefined)
        return Promise.resolve({ subject: reviewerNow, role: 'reviewer' })
      if (header === `Bearer ${personToken}`) return Promise.resolve({ subject: person, role: 'person', until })
      return Promise.resolve(undefined)
    },
    refusals: { append: (event) => Promise.resolve(void refusals.push(event)) },
    limit: new SignInLimit(() => 0),
    recheckMs: 10,
    isOutdated: () => outdated,
    clock: { now: () => new Date() },
    newAuditID: randomUUID,
  })
  parts.defer(() => server.close())
})
afterEach(() => parts.disposeAsync())

function client(token: string, sessionID?: string) {
  return parts.use(
    connectControl({ endpoint: server.endpoint, caPem, token, ...(sessionID === undefined ? {} : { sessionID }) }),
  )
}

describe('the desk', () => {
  it('tells everyone who they are, and strangers nothing', async () => {
    expect((await client(operatorToken).info()).you).toEqual({ name: 'ana', groups: operator.groups, role: 'operator' })
    expect((await client(reviewerToken).info()).you.role).toBe('reviewer')
    await expect(client(newToken()).info()).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
  })

  it('lets no operator review, not even with the right digest, and writes the attempt down', async () => {
    await expect(client(operatorToken).review('h-1', { verdict: 'approve', digest })).rejects.toMatchObject({
      code: 'ERR_FORBIDDEN',
    })
    expect(orders).toEqual([])
    expect(
      journal.map(({ stage, verb, user, responseStatus }) => [stage, verb, user.username, responseStatus?.code]),
    ).toEqual([
      ['RequestReceived', 'review', 'ana', undefined],
      ['ResponseComplete', 'review', 'ana', 403],
    ])
  })

  it('lets no reviewer confirm, withdraw, comment or begin sessions', async () => {
    const bob = client(reviewerToken)
    for (const order of [
      bob.confirm('h-1', digest),
      bob.withdraw('h-1'),
      bob.comment('h-1', 'x'),
      bob.beginSession({ kind: 'run', command: [] }),
    ]) {
      await expect(order).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    }
    expect(orders).toEqual([])
  })

  it('hands a review on, and its refusal back with the advice', async () => {
    await expect(client(reviewerToken).review('h-1', { verdict: 'deny', digest, comment: 'no' })).rejects.toMatchObject(
      {
        code: 'ERR_CONFLICT',
        advice: 'Look again.',
      },
    )
    expect(orders).toEqual(['review h-1'])
    expect(journal[0]?.annotations).toMatchObject({ 'chaperone/held': 'h-1', 'chaperone/verdict': 'deny' })
  })

  it('writes down that an approval was given for what was not shown whole, and takes no claim that it was', async () => {
    const bob = client(reviewerToken)
    await expect(bob.review('h-1', { verdict: 'approve', digest, sawWhole: false })).rejects.toThrow(/not pending/)
    expect(journal[0]?.annotations).toMatchObject({ 'chaperone/verdict': 'approve', 'chaperone/saw-whole': 'false' })
    const claim = { verdict: 'approve', digest, sawWhole: true } as unknown as ReviewRequest
    await expect(bob.review('h-1', claim)).rejects.toThrow(/sawWhole/)
  })

  it('does nothing that the journal cannot keep', async () => {
    journalFails = true
    await expect(client(reviewerToken).review('h-1', { verdict: 'approve', digest })).rejects.toMatchObject({
      code: 'ERR_JOURNAL',
    })
    expect(orders).toEqual([])
  })

  it('does nothing for a reviewer who was removed while the body of their call was on its way', async () => {
    const body = JSON.stringify({ verdict: 'approve', digest })
    const url = new URL('/v1/held/h-1/review', server.endpoint)
    const call = rawRequest(url, {
      method: 'POST',
      ca: caPem,
      headers: { authorization: `Bearer ${reviewerToken}`, 'content-length': body.length },
    })
    const answered = once(call, 'response') as Promise<[IncomingMessage]>
    call.write(body.slice(0, 5))
    await client(reviewerToken).info()
    reviewerNow = undefined
    call.end(body.slice(5))
    const [answer] = await answered
    answer.resume()
    expect(answer.statusCode).toBe(401)
    expect(orders).toEqual([])
  })

  it('does nothing for a reviewer who was removed while the order was written down, and writes that', async () => {
    beforeWritten = () => {
      reviewerNow = undefined
      return Promise.resolve()
    }
    const order = client(reviewerToken).review('h-1', { verdict: 'approve', digest })
    await expect(order).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
    expect(orders).toEqual([])
    expect(journal.map(({ responseStatus }) => responseStatus?.code)).toEqual([undefined, 401])
  })

  it('does nothing for whom the list of subjects knows otherwise since they were let in', async () => {
    outdated = true
    const bob = client(reviewerToken)
    await expect(bob.info()).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
    await expect(bob.review('h-1', { verdict: 'approve', digest })).rejects.toMatchObject({
      code: 'ERR_UNAUTHENTICATED',
    })
    expect(orders).toEqual([])
    expect(hub.readers).toBe(0)
  })

  it('refuses a malformed order with the field named', async () => {
    await expect(client(reviewerToken).review('h-1', { verdict: 'approve', digest: 'short' })).rejects.toThrow(/digest/)
  })

  it.each([
    ['U+001B', 'fine \x1b[2Kdenied'],
    ['U+000A', 'fine\nh-2 approved'],
    ['U+009B', 'fine \x9b2K'],
    ['U+202E', 'fine \u202eeno'],
    ['U+2066', 'fine \u2066one'],
    ['U+2028', 'fine\u2028one'],
    ['U+D800', 'fine \ud800'],
  ])('refuses a comment with %s, which would change how it is shown', async (name, words) => {
    const refusal = new RegExp(`comment: it holds the character U\\${name.slice(1)}`)
    await expect(client(operatorToken).comment('h-1', words)).rejects.toThrow(refusal)
    const review = { verdict: 'approve', digest, comment: words } as const
    await expect(client(reviewerToken).review('h-1', review)).rejects.toThrow(refusal)
    expect(orders).toEqual([])
    await expect(client(operatorToken).comment('h-1', 'Geht klar – はい 👩‍🚀')).rejects.toThrow(/not pending/)
  })

  it('refuses web pages, whatever token they hold', async () => {
    const agent = new Agent({ connect: { ca: caPem } })
    parts.defer(() => agent.destroy())
    const answer = await request(`${server.endpoint}/v1/info`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${operatorToken}`, origin: 'https://evil.example' },
    })
    expect(answer.statusCode).toBe(403)
    await answer.body.dump()
  })

  it('refuses a body larger than a comment can be', async () => {
    await expect(client(operatorToken).comment('h-1', 'x'.repeat(70_000))).rejects.toBeInstanceOf(Fault)
    expect(orders).toEqual([])
  })
})

describe('a session at the desk', () => {
  it('gets a token once, and loses it when it ends', async () => {
    const ana = client(operatorToken)
    const { session, token } = await ana.beginSession({ kind: 'shell', command: ['bash'] })
    expect(sessions.byToken(token)?.id).toBe(session.id)
    expect(JSON.stringify(journal)).not.toContain(token)
    await ana.endSession(session.id)
    expect(sessions.byToken(token)).toBeUndefined()
    expect(orders).toEqual([`end ${session.id}`])
  })
})

describe('a person who signed in', () => {
  it('ends no session of somebody else, one by one or all together', async () => {
    const { session } = await client(operatorToken).beginSession({ kind: 'run', command: ['x'] })
    const eve = client(personToken)
    expect(await eve.listSessions()).toEqual([])
    await expect(eve.revoke({ sessionID: session.id })).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    expect(await eve.revoke({ subject: operator.name })).toEqual([])
    expect(await eve.revoke({ all: true })).toEqual([])
    expect(sessions.living(session.id)).toBeDefined()
    expect(await client(reviewerToken).revoke({ sessionID: session.id })).toMatchObject([{ id: session.id }])
  })

  it('begins a session that ends with the sign-in, and a refreshed one gives it more time', async () => {
    const eve = client(personToken)
    const { session, token } = await eve.beginSession({ kind: 'run', command: ['kubectl'] })
    expect([session.subject, session.expiresAt]).toEqual([person, new Date(until).toISOString()])
    until += 600_000
    expect((await eve.renewSession(session.id)).expiresAt).toBe(new Date(until).toISOString())
    until = Date.now() - 1
    await eve.renewSession(session.id)
    expect(sessions.byToken(token)).toBeUndefined()
    expect(sessions.expired().map(({ id }) => id)).toEqual([session.id])
    until = Date.now() + 600_000
    await expect(eve.renewSession(session.id)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('reviews, and withdraws, as far as the request itself lets them', async () => {
    const eve = client(personToken)
    await expect(eve.review('h-1', { verdict: 'approve', digest })).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    await expect(eve.withdraw('h-1')).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(orders).toEqual(['review h-1', 'withdraw h-1'])
  })

  it('is asked for where people sign in: whoever only uses the system begins nothing there', async () => {
    peopleSignIn = true
    const ask = { kind: 'run' as const, command: ['kubectl'] }
    await expect(client(operatorToken).beginSession(ask)).rejects.toMatchObject({
      code: 'ERR_UNAUTHENTICATED',
      advice: expect.stringMatching(/chaperone login/) as string,
    })
    await expect(client(personToken).beginSession(ask)).resolves.toMatchObject({ session: { subject: person } })
  })

  it('renews no session of somebody else, although the name is the same, and nobody else renews one', async () => {
    const { session } = sessions.begin({
      kind: 'run',
      subject: { ...person, uid: 'e-2' },
      mode: 'local',
      command: [],
      expiresAt: until,
    })
    for (const one of [client(personToken), client(operatorToken), client(reviewerToken)]) {
      await expect(one.renewSession(session.id)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    }
    const own = sessions.begin({ kind: 'run', subject: operator, mode: 'local', command: [] })
    await expect(client(operatorToken).renewSession(own.session.id)).rejects.toMatchObject({ code: 'ERR_USAGE' })
  })
})

describe('a held request', () => {
  it('is moved only to a living session of whoever moves it, and the journal says to which', async () => {
    const ana = client(operatorToken)
    const { session } = await ana.beginSession({ kind: 'run', command: [] })
    await expect(ana.moveHeld('h-1', session.id)).rejects.toThrow(/not pending/)
    expect(orders).toEqual([`move to ${session.id} h-1`])
    expect(journal.at(-1)).toMatchObject({
      verb: 'move',
      annotations: { 'chaperone/held': 'h-1', 'chaperone/session': session.id },
    })
    for (const stranger of [client(personToken), client(reviewerToken)]) {
      await expect(stranger.moveHeld('h-1', session.id)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' })
    }
    sessions.end(session.id)
    await expect(ana.moveHeld('h-1', session.id)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(orders).toHaveLength(1)
  })
})

describe('a session’s command', () => {
  it('is kept short, however long the script in it is', async () => {
    const command = ['bash', '-c', 'x'.repeat(50_000)]
    const { session } = await client(operatorToken).beginSession({ kind: 'run', command })
    expect(session.command.slice(0, 2)).toEqual(['bash', '-c'])
    expect(session.command[2]).toMatch(/^x{4096}… \(50000 characters\)$/)
  })
})

describe('strangers', () => {
  it('are written down without what they sent, and whoever brings many signed tokens of nobody locks out no one', async () => {
    const jwt = 'eyJhbGciOiJub25lIn0.e30.c2VjcmV0'
    const codes: string[] = []
    for (let turn = 0; turn < 61; turn++)
      codes.push(
        await client(jwt)
          .info()
          .then(String, (fault: unknown) => (fault as Fault).code),
      )
    expect(codes.slice(0, 60).every((code) => code === 'ERR_UNAUTHENTICATED')).toBe(true)
    expect(codes.at(-1)).toBe('ERR_QUOTA')
    expect(refusals).toHaveLength(61)
    expect(refusals[0]).toMatchObject({
      user: { username: 'system:anonymous' },
      responseStatus: { code: 401 },
      annotations: { 'chaperone/decision': 'deny' },
    })
    expect(refusals.at(-1)).toMatchObject({
      responseStatus: { code: 429 },
      annotations: { 'chaperone/reason': 'over-quota' },
    })
    expect(JSON.stringify(refusals)).not.toContain('c2VjcmV0')
    expect((await client(operatorToken).info()).you.name).toBe('ana')
    expect((await client(personToken).info()).you.name).toBe('eve')
    await expect(client(newToken()).info()).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
    expect(journal).toEqual([])
  })
})

describe('two Authorization headers', () => {
  it.each([
    ['a good one first', [operatorToken, 'guess']],
    ['a good one last', ['guess', operatorToken]],
    ['both good', [operatorToken, operatorToken]],
  ])('are refused, with %s', async (_which, tokens) => {
    const agent = parts.adopt(new Agent({ connect: { ca: caPem } }), (one) => one.destroy())
    const headers = tokens.flatMap((token) => ['authorization', `Bearer ${token}`])
    const { statusCode, body } = await request(`${server.endpoint}/v1/info`, { dispatcher: agent, headers })
    expect([statusCode, await body.json()]).toEqual([401, expect.objectContaining({ reason: 'ERR_UNAUTHENTICATED' })])
  })
})

describe('the event stream', () => {
  it('begins with what is known, then tells what happens, to each screen', async () => {
    const seen: BrokerEvent['type'][][] = [[], []]
    const readers = [operatorToken, reviewerToken].map(async (token, index) => {
      for await (const event of client(token).events(new AbortController().signal)) {
        if (event.type === 'lost' || event.type === 'refused') throw new Error(event.reason)
        seen[index]?.push(event.type)
        if (event.type === 'hello' && hub.readers === 2)
          sessions.begin({ kind: 'run', subject: operator, mode: 'local', command: [] })
        if (event.type === 'session') hub.close('done')
      }
    })
    sessions.subscribe((session) => hub.publish({ type: 'session', session }))
    await Promise.all(readers)
    for (const types of seen) {
      expect(types[0]).toBe('hello')
      expect(types.at(-1)).toBe('goodbye')
    }
  })

  it('of a person begins anew when the sign-in has to be shown again, or is taken back, without a word to the screen', async () => {
    until = Date.now() + 50
    const stop = new AbortController()
    const types: string[] = []
    for await (const event of client(personToken).events(stop.signal)) {
      types.push(event.type)
      if (types.length === 1) until = Date.now() + 600_000
      if (types.length === 2) hub.dismiss(({ name }) => name === 'eve')
      if (types.length === 3) stop.abort()
    }
    expect(types).toEqual(['hello', 'hello', 'hello'])
  })

  it('of a person who is nobody any more says why it is lost', async () => {
    const stop = new AbortController()
    let token = personToken
    const reader = parts.use(connectControl({ endpoint: server.endpoint, caPem, token: () => Promise.resolve(token) }))
    const seen: unknown[] = []
    for await (const event of reader.events(stop.signal)) {
      seen.push('reason' in event ? `${event.type}: ${event.reason}` : event.type)
      if (event.type === 'hello') {
        token = newToken()
        hub.dismiss(({ name }) => name === 'eve')
      } else stop.abort()
    }
    expect(seen).toEqual(['hello', 'refused: The control API does not know this token.'])
  })

  it('of a reviewer who was removed ends, and a reviewer in other groups begins anew', async () => {
    const stop = new AbortController()
    const seen: unknown[] = []
    for await (const event of client(reviewerToken).events(stop.signal)) {
      seen.push('reason' in event ? `${event.type}: ${event.reason}` : event.type)
      if (event.type !== 'hello') stop.abort()
      else if (seen.length === 1) reviewerNow = { ...reviewer, groups: [] }
      else reviewerNow = undefined
    }
    expect(seen).toEqual(['hello', 'hello', 'refused: The control API does not know this token.'])
    expect(hub.readers).toBe(0)
  })

  it('cuts off a screen that cannot follow, which says so and starts afresh', async () => {
    const flood = () => {
      for (let sent = 0; sent < 10_002; sent++) hub.publish({ type: 'heartbeat' })
    }
    const stop = new AbortController()
    const types: string[] = []
    for await (const event of client(operatorToken).events(stop.signal)) {
      if (event.type !== 'heartbeat') types.push(event.type)
      if (event.type === 'hello' && types.length === 1) flood()
      if (types.filter((type) => type === 'hello').length === 2) stop.abort()
    }
    expect(types).toEqual(['hello', 'lost', 'hello'])
  })
})
