import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as send } from 'node:https'
import { expect, test } from 'vitest'
import type { HoldAsk, HoldOutcome, Park } from '../../src/approval/port.ts'
import type { Decision } from '../../src/model/decision.ts'
import type { DecisionInput } from '../../src/policy/port.ts'
import { ask, open } from './client.ts'
import { Fault } from '../../src/model/fault.ts'
import {
  allow,
  clientToken,
  deny,
  heldFrom,
  hold,
  inHouse,
  knownToken,
  plainMasker,
  session,
  subject,
} from './house.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const create = {
  method: 'POST',
  body: '{ "metadata": {"name": "x"} }',
  headers: { 'content-type': 'application/json' },
}

/** A park that waits for the test's verdict. */
function parkingPlace() {
  const parked = Promise.withResolvers<HoldAsk>()
  const verdict = Promise.withResolvers<'approved' | 'denied'>()
  const completions: { ok: boolean; summary: string }[] = []
  const park: Park = async (asked, signal): Promise<HoldOutcome> => {
    parked.resolve(asked)
    const left = new Promise<'withdrawn'>((resolve) => signal.addEventListener('abort', () => resolve('withdrawn')))
    const kind = await Promise.race([verdict.promise, left])
    const held = heldFrom(asked)
    if (kind === 'approved') {
      const complete = (result: { ok: boolean; summary: string }) => {
        completions.push(result)
        return Promise.resolve()
      }
      return { kind, held, complete }
    }
    const code = kind === 'denied' ? 'review-denied' : 'withdrawn'
    return { kind, held, reason: { code, message: kind === 'denied' ? 'bob: too risky' : 'The client left.' } }
  }
  return { park, parked: parked.promise, verdict: verdict.resolve, completions }
}

test('a held write waits, and what was approved is what runs, once', async () => {
  const place = parkingPlace()
  await inHouse({ decide: () => hold, park: place.park }, async (house) => {
    const answer = ask(house, `${configMaps}?fieldManager=kubectl-create`, create)
    const asked = await place.parked
    expect(house.arrived).toEqual([])
    expect(house.journal).toMatchObject([{ stage: 'RequestReceived', annotations: { 'chaperone/decision': 'hold' } }])
    expect(asked).toMatchObject({
      command: 'kubectl create configmap x -n default',
      shownBody: '{"metadata":{"name":"x"}}',
      canonical: {
        method: 'POST',
        target: `${configMaps}?fieldManager=kubectl-create`,
        contentType: 'application/json',
      },
    })
    place.verdict('approved')
    expect((await answer).status).toBe(200)
    expect(house.arrived).toHaveLength(1)
    expect(house.arrived[0]?.body).toBe(Buffer.from(asked.canonical.body).toString())
    expect(house.arrived[0]?.url).toBe(asked.canonical.target)
    expect(place.completions).toEqual([{ ok: true, summary: 'The API server answered 200.' }])
    expect((await house.completed()).annotations).toMatchObject({
      'chaperone/held': 'h-abcdef',
      'chaperone/reason': 'review-approved',
      'chaperone/outcome': 'completed',
      'chaperone/request-digest': asked.canonical.digest,
    })
  })
})

test('a denied review is told as one', async () => {
  const place = parkingPlace()
  await inHouse({ decide: () => hold, park: place.park }, async (house) => {
    const answer = ask(house, configMaps, create)
    await place.parked
    place.verdict('denied')
    expect((await answer).json).toMatchObject({
      code: 403,
      reason: 'ApprovalDenied',
      message: 'bob: too risky (chaperone why audit-1)',
    })
    expect(house.arrived).toEqual([])
    expect(await house.completed()).toMatchObject({
      annotations: { 'chaperone/reason': 'review-denied', 'chaperone/outcome': 'refused' },
    })
  })
})

test.each([
  ['expired', 'approval-expired', 'ApprovalExpired'],
  ['still-held', 'still-held', 'ApprovalPending'],
  ['withdrawn', 'withdrawn', 'ApprovalWithdrawn'],
] as const)('a hold that ends as %s', (kind, code, reason) =>
  inHouse(
    {
      decide: () => hold,
      park: (asked) => Promise.resolve({ kind, held: heldFrom(asked), reason: { code, message: 'It ended.' } }),
    },
    async (house) => {
      const { json } = await ask(house, configMaps, create)
      expect(json).toMatchObject({ code: 403, reason })
      const { causes } = (json as unknown as { details: { causes: unknown[] } }).details
      expect(causes).toEqual(
        expect.arrayContaining([
          { reason: code, message: 'It ended.' },
          { reason: 'rule-holds', message: 'A second person looks first.' },
          { reason: 'chaperone/rule', message: 'test/hold' },
          { reason: 'chaperone/held', message: 'h-abcdef' },
        ]),
      )
      expect(house.arrived).toEqual([])
      expect(house.notes).toMatchObject([{ decision: 'hold', heldID: 'h-abcdef', reason: { code } }])
    },
  ),
)

test('a client that leaves takes its held request back', async () => {
  const place = parkingPlace()
  await inHouse({ decide: () => hold, park: place.park }, async (house) => {
    const leaving = new AbortController()
    const answer = open(house, configMaps, create, leaving.signal)
    await place.parked
    leaving.abort()
    await expect(answer).rejects.toThrow('aborted')
    expect(await house.completed()).toMatchObject({
      responseStatus: { code: 403 },
      annotations: { 'chaperone/outcome': 'cancelled', 'chaperone/reason': 'withdrawn', 'chaperone/held': 'h-abcdef' },
    })
    expect(house.arrived).toEqual([])
  })
})

const otherRule: Decision = { ...hold, reasons: [{ code: 'rule-holds', rule: 'test/other', message: 'Also this.' }] }

const ofTwo: Decision = {
  ...hold,
  effect: 'hold',
  policyDigest: 'of a changed policy',
  requirement: { kind: 'review', reviewers: [{ group: 'leads' }], count: 2, expiresAfterMs: 60_000 },
}

test.each([
  ['denies', deny],
  ['is held by another rule', otherRule],
  ['is held for more people by the same rule', ofTwo],
])('what was approved does not run when the policy now %s', async (_name, later) => {
  const place = parkingPlace()
  let decision: Decision = hold
  await inHouse({ decide: () => decision, park: place.park }, async (house) => {
    const answer = ask(house, configMaps, create)
    await place.parked
    decision = later
    place.verdict('approved')
    expect((await answer).json).toMatchObject({ code: 403, reason: 'PolicyChanged' })
    expect(house.arrived).toEqual([])
    expect(place.completions).toMatchObject([{ ok: false }])
    expect((await house.completed()).annotations['chaperone/reason']).toBe('policy-changed')
  })
})

test('what a changed policy holds just as before runs', async () => {
  const place = parkingPlace()
  let decision: Decision = hold
  await inHouse({ decide: () => decision, park: place.park }, async (house) => {
    const answer = ask(house, configMaps, create)
    await place.parked
    decision = { ...hold, policyDigest: 'of a changed policy' }
    place.verdict('approved')
    expect((await answer).status).toBe(200)
    expect(house.arrived).toHaveLength(1)
  })
})

test('what the policy now simply allows runs', async () => {
  const place = parkingPlace()
  let decision: Decision = hold
  await inHouse({ decide: () => decision, park: place.park }, async (house) => {
    const answer = ask(house, configMaps, create)
    await place.parked
    decision = allow
    place.verdict('approved')
    expect((await answer).status).toBe(200)
    expect(house.arrived).toHaveLength(1)
  })
})

test('an approved request that the cluster refuses is told so to its approval, once', async () => {
  const place = parkingPlace()
  await inHouse(
    {
      decide: () => hold,
      park: place.park,
      handler: (_message, response) => response.writeHead(409, { 'content-type': 'application/json' }).end('{}'),
    },
    async (house) => {
      const answer = ask(house, configMaps, create)
      await place.parked
      place.verdict('approved')
      expect((await answer).status).toBe(409)
      await house.completed()
      expect(place.completions).toEqual([{ ok: false, summary: 'The API server answered 409.' }])
    },
  )
})

test('what was approved does not run when its session ended meanwhile', async () => {
  const place = parkingPlace()
  const { identify, end } = leaving()
  await inHouse({ decide: () => hold, park: place.park, identify }, async (house) => {
    const answer = ask(house, configMaps, create)
    await place.parked
    end()
    place.verdict('approved')
    expect((await answer).status).toBe(401)
    expect(house.arrived).toEqual([])
    expect(place.completions).toEqual([{ ok: false, summary: 'The session of alice has ended or was revoked.' }])
    expect((await house.completed()).annotations['chaperone/reason']).toBe('session-ended')
  })
})

/** Somebody whom nobody knows any more from `end` on. */
function leaving() {
  let ended = false
  const identify: typeof knownToken = (authorization) =>
    ended ? Promise.reject(new Fault('ERR_UNAUTHENTICATED', 'The session has ended.')) : knownToken(authorization)
  return { identify, end: () => void (ended = true) }
}

test('what waited for the disk under the journal does not run when its session ended meanwhile', async () => {
  const { identify, end } = leaving()
  const append = () => Promise.resolve().then(end)
  await inHouse({ identify, append }, async (house) => {
    expect((await ask(house, configMaps, create)).status).toBe(401)
    expect(house.arrived).toEqual([])
    expect((await house.completed()).annotations['chaperone/reason']).toBe('session-ended')
  })
})

test('whoever lets a body wait is judged as whom they are when it has come', async () => {
  const { identify, end } = leaving()
  const begun = Promise.withResolvers<void>()
  const telling: typeof knownToken = (authorization) => {
    begun.resolve()
    return identify(authorization)
  }
  const decided: string[] = []
  const decide = ({ subject: { name } }: DecisionInput) => {
    decided.push(name)
    return allow
  }
  await inHouse({ identify: telling, decide }, async (house) => {
    const { hostname, port } = new URL(house.endpoint)
    const authorization = `Bearer ${clientToken}`
    const headers = { ...create.headers, authorization, 'content-length': create.body.length }
    const request = send({ hostname, port, path: configMaps, method: 'POST', ca: house.ca, agent: false, headers })
    request.flushHeaders()
    await begun.promise
    end()
    request.end(create.body)
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(401)
    answer.resume()
    expect([house.arrived, decided]).toEqual([[], []])
    expect((await house.completed()).user.username).toBe('alice')
  })
})

test.each([
  ['in a terminal waits for a confirmation of its own', session, 'confirm'],
  [
    'with a credential of its own, as a pipeline, waits for a reviewer',
    { ...session, kind: 'client' as const },
    'review',
  ],
])('whoever writes over a hidden value %s, though the policy allows it', async (_what, caller, kind) => {
  const place = parkingPlace()
  await inHouse(
    {
      park: place.park,
      identify: () => Promise.resolve({ subject, session: caller }),
      oblige: () => ({ ...plainMasker, writesHidden: (body) => JSON.stringify(body).includes('secret') }),
    },
    async (house) => {
      const write = (method: string, path: string, value: string) =>
        ask(house, path, { ...create, method, body: JSON.stringify({ metadata: { name: 'x' }, data: { value } }) })
      expect((await write('PUT', `${configMaps}/x`, 'plain')).status).toBe(200)
      expect((await write('POST', configMaps, 'secret')).status).toBe(200)
      const answer = write('PUT', `${configMaps}/x`, 'secret')
      const parked = await place.parked
      expect(parked.decision).toMatchObject({ effect: 'hold', requirement: { kind } })
      expect(house.arrived).toHaveLength(2)
      place.verdict('approved')
      expect((await answer).status).toBe(200)
    },
  )
})
