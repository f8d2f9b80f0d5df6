import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { searchJournal } from '../../src/journal/reader.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import { startPractice } from '../../src/practice/server.ts'
import { through, type Through } from '../clients/through.ts'
import { tlsIssuer, type TlsIssuer } from './tls-issuer.ts'

const policy = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: pipelines}
rules:
- name: read
  subjects: [{group: pipelines}]
  match: {verbs: [get, list, watch], apiGroups: ["*"], resources: ["*"], namespaces: ["*"]}
  effect: allow
`

interface Grant {
  readonly sessionID: string
  readonly token: string
  readonly expiresAt: string
}

const parts = new AsyncDisposableStack()
let issuer: TlsIssuer
let broker: Through
let agent: Agent
beforeAll(async () => {
  const practice = parts.adopt(await startPractice({ host: '127.0.0.1', port: 0 }), (cluster) => cluster.close())
  issuer = parts.use(
    await tlsIssuer({
      claimMappings: {
        username: { claim: 'sub', prefix: 'ci:' },
        groups: { claim: 'groups', prefix: '' },
        extra: [{ key: 'chaperone/run', valueExpression: 'claims.?run_id.orValue("")' }],
      },
    }),
  )
  broker = parts.use(
    await through(practice.kubeconfig, policy, {
      identity: { jwt: [issuer.config], tokenReview: undefined, credentialLifetimeMs: 600_000 },
    }),
  )
  agent = parts.adopt(new Agent({ connect: { ca: broker.caPem } }), (one) => one.destroy())
})
afterAll(() => parts.disposeAsync())

async function post(body: unknown, headers: Record<string, string> = {}) {
  const answer = await request(`${broker.endpoint}/chaperone/v1/token`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { code: answer.statusCode, json: (await answer.body.json()) as Grant & { message?: string; reason?: string } }
}

async function exchanged(claims: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Grant> {
  const { code, json } = await post({ subjectToken: await issuer.sign(claims), kind: 'pipeline', ...more })
  expect(code).toBe(200)
  return json
}

async function pods(token: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await request(`${broker.endpoint}/api/v1/namespaces/shop-production/pods`, {
    dispatcher: agent,
    headers: { authorization: `Bearer ${token}`, ...headers },
  })
  await answer.body.dump()
  return answer.statusCode
}

/** Every line so far: what an exchange writes is on disk before its answer, and all that came before it. */
async function journal(): Promise<AuditEvent[]> {
  await exchanged({ sub: 'last' })
  const events: AuditEvent[] = []
  for await (const event of searchJournal(join(broker.state, 'journal'), {})) events.push(event)
  return events
}

/** Everything that is said to raw bytes, until the connection ends. */
function raw(endpoint: string, ca: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(endpoint)
  const socket = connect({ host: hostname, port: Number(port), ca }, () => socket.write(bytes))
  return text(socket)
}

const member = { sub: 'deploy', groups: ['pipelines'], run_id: '42' }

describe('a pipeline with a token of its CI', () => {
  it('gets a credential for ten minutes that opens what policy lets it', async () => {
    const grant = await exchanged(member, { reason: 'release 1.2' })
    expect(Date.parse(grant.expiresAt) - Date.now()).toBeGreaterThan(590_000)
    expect(await pods(grant.token)).toBe(200)
    expect(await pods((await exchanged({ sub: 'other' })).token)).toBe(403)
  })

  it('is in the journal with its run, its reason and its command, and its tokens are not', async () => {
    const subjectToken = await issuer.sign({ ...member, sub: 'told' })
    const { json } = await post({ subjectToken, kind: 'agent', reason: 'nightly\u202e run' })
    const words = Buffer.from('kubectl\0get\0pods\0--token=hunter2\0').toString('hex')
    expect(await pods(`${json.token}~4711.8123456.${words}`)).toBe(200)
    const lines = (await journal()).filter(({ user }) => user.username === 'ci:told')
    expect(lines[0]).toMatchObject({
      requestURI: '/chaperone/v1/token',
      user: { groups: ['pipelines'], extra: { 'chaperone/run': ['42'] } },
      annotations: {
        'chaperone/session': json.sessionID,
        'chaperone/claimed-kind': 'agent',
        'chaperone/session-reason': 'nightly run',
      },
    })
    expect(lines.at(-1)?.annotations).toMatchObject({
      'chaperone/claimed-command': 'kubectl get pods --token=***',
      'chaperone/claimed-process': '4711.8123456',
    })
    const written = JSON.stringify(await journal())
    for (const secret of [subjectToken, json.token, 'hunter2']) expect(written).not.toContain(secret)
  })

  it('prolongs its session, with the groups that its new token names, for both credentials', async () => {
    const first = await exchanged({ ...member, sub: 'long' })
    const second = await exchanged({ sub: 'long' }, { sessionID: first.sessionID })
    expect(second.sessionID).toBe(first.sessionID)
    expect([await pods(first.token), await pods(second.token)]).toEqual([403, 403])
    const stranger = await post({ subjectToken: await issuer.sign(member), kind: 'agent', sessionID: first.sessionID })
    expect(stranger).toMatchObject({ code: 403, json: { message: expect.stringContaining('someone else') as string } })
    const shell = await post({ subjectToken: await issuer.sign(member), kind: 'agent', sessionID: broker.sessionID })
    expect(shell.code).toBe(403)
  })

  it('loses it at once when its session is ended, and cannot prolong that', async () => {
    const grant = await exchanged({ ...member, sub: 'ended' })
    expect(await pods(grant.token)).toBe(200)
    await broker.control.revoke({ sessionID: grant.sessionID })
    expect(await pods(grant.token)).toBe(401)
    const next = await exchanged({ ...member, sub: 'ended' }, { sessionID: grant.sessionID })
    expect(next.sessionID).not.toBe(grant.sessionID)
  })

  it('gets no other one for the token whose session was ended, however often it prolonged it', async () => {
    const [first, second, unused] = await Promise.all([1, 2, 3].map(() => issuer.sign({ ...member, sub: 'spent' })))
    const open = (subjectToken = '', more = {}) => post({ subjectToken, kind: 'pipeline', ...more })
    const { sessionID } = (await open(first)).json
    expect((await open(second, { sessionID })).json.sessionID).toBe(sessionID)
    expect((await open(second, { sessionID })).json.sessionID).toBe(sessionID)
    await broker.control.revoke({ subject: 'ci:spent' })
    for (const token of [first, second]) {
      expect(await open(token)).toMatchObject({
        code: 401,
        json: { message: expect.stringContaining('was ended') as string },
      })
    }
    expect((await open(unused)).code).toBe(200)
  })

  it('gets no other one for it spelled with another signature that is as good', async () => {
    const token = await issuer.sign({ ...member, sub: 'speller' })
    const open = (subjectToken: string) => post({ subjectToken, kind: 'pipeline' })
    expect((await open(token)).code).toBe(200)
    await broker.control.revoke({ subject: 'ci:speller' })
    const [header, payload, signature = ''] = token.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    // Of P-256 (FIPS 186-5): where (r, s) is a signature, (r, n - s) is one.
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
    for (const spelled of [`${signature}==`, other.toString('base64url'), bytes.toString('base64')]) {
      expect((await open([header, payload, spelled].join('.'))).code).toBe(401)
    }
  })
})

describe('sessions are revoked', () => {
  it('of one subject, or all', async () => {
    const [a, b, c] = await Promise.all(['one', 'one', 'two'].map((sub) => exchanged({ ...member, sub })))
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were asked for')
    const ended = await broker.control.revoke({ subject: 'ci:one' })
    expect(ended.map(({ id }) => id).toSorted()).toEqual([a.sessionID, b.sessionID].toSorted())
    expect([await pods(a.token), await pods(b.token), await pods(c.token)]).toEqual([401, 401, 200])
    await broker.control.revoke({ all: true })
    expect([await pods(c.token), await pods(broker.token)]).toEqual([401, 401])
  })
})

describe('no credential is had', () => {
  it.each([
    ['with a token of nobody', { subjectToken: 'nothing', kind: 'pipeline' }, 401],
    ['without a token', { kind: 'pipeline' }, 400],
    ['with a kind that is none', { subjectToken: 'x', kind: 'root' }, 400],
    ['with a field that is none', { subjectToken: 'x', kind: 'agent', groups: ['a'] }, 400],
    ['with a body that is no JSON', 'subjectToken=x', 400],
    ['with a body that is huge', { subjectToken: 'x'.repeat(40_000), kind: 'agent' }, 413],
  ])('%s', async (_name, body, code) => {
    expect((await post(body)).code).toBe(code)
  })

  it('by a web page', async () => {
    const ask = { subjectToken: await issuer.sign(member), kind: 'person' }
    expect((await post(ask, { origin: 'https://evil.example.com' })).code).toBe(403)
  })

  it('with the credential itself', async () => {
    const { token } = await exchanged(member)
    expect((await post({ subjectToken: token, kind: 'agent' })).code).toBe(401)
  })

  it('and what failed is in the journal, without the token', async () => {
    await post({ subjectToken: 'a-token-of-nobody', kind: 'pipeline' })
    const failed = (await journal()).filter(
      ({ requestURI, responseStatus }) => requestURI === '/chaperone/v1/token' && responseStatus?.code === 401,
    )
    expect(failed.at(-1)).toMatchObject({ user: { username: 'system:anonymous' }, verb: 'create' })
    expect(JSON.stringify(failed)).not.toContain('a-token-of-nobody')
  })

  it('by whoever tries too often, and others sign in all the same from the same address', async () => {
    const forged = (await issuer.sign(member)).replace(/\.[^.]+$/, '.AAAA')
    const codes: number[] = []
    while (codes.at(-1) !== 429) codes.push((await post({ subjectToken: forged, kind: 'pipeline' })).code)
    expect(codes.length).toBeLessThan(200)
    const { token } = await exchanged(member)
    expect(await pods(token)).toBe(200)
  })
})

describe('a request is refused', () => {
  it('with two Authorization headers, whichever of them is good', async () => {
    const { token } = await exchanged(member)
    const [good, bad] = [`Bearer ${token}`, 'Bearer nothing-that-is-known']
    for (const [first, second] of [
      [good, bad],
      [bad, good],
    ]) {
      const head = `Host: localhost\r\nAuthorization: ${first}\r\nAuthorization: ${second}\r\nConnection: close`
      const answer = await raw(broker.endpoint, broker.caPem, `GET /api/v1/pods HTTP/1.1\r\n${head}\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1.1 400 /)
    }
  })

  it('with a token in a WebSocket subprotocol, beside a good one too', async () => {
    const { token } = await exchanged(member)
    const hidden = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`
    expect(await pods(token, { 'sec-websocket-protocol': `v5.channel.k8s.io, ${hidden}` })).toBe(401)
  })

  it.each(['~', '~x', '~1.2', '~1.2.zz', '~1.2.abc', '~1.2.ff~1.2.ff'])('with %s behind its token', async (claim) => {
    const { token } = await exchanged(member)
    expect(await pods(token + claim)).toBe(401)
  })
})
