import { describe, expect, test } from 'vitest'
import type { HoldAsk } from '../../src/approval/port.ts'
import type { JsonValue } from '../../src/model/request.ts'
import type { DecisionInput } from '../../src/policy/port.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { Usage } from '../../src/policy/usage.ts'
import { ask } from './client.ts'
import { heldFrom, inHouse, subject, type Handler } from './house.ts'

const deployment = '/apis/apps/v1/namespaces/shop/deployments/web'
const policy = (rules: string) =>
  loadPolicy([
    {
      file: 'test',
      text: `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: test}
rules:
- {name: all, subjects: [{group: "*"}], match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"]}, effect: allow}
${rules}`,
    },
  ])
const keeps = policy(`- name: keeps-its-team
  subjects: [{group: "*"}]
  match: {verbs: [update, patch, delete], apiGroups: [apps], resources: [deployments]}
  when: oldObject != null && oldObject.metadata.labels.team != "${subject.name}"
  effect: deny
  message: It belongs to another team.`)

/** A cluster with one deployment, or an answer of another kind to those who read it. */
const cluster =
  (team: string, status = 200): Handler =>
  (message, response) => {
    const body = JSON.stringify({ kind: 'Deployment', metadata: { name: 'web', labels: { team } } })
    response.writeHead(message.method === 'GET' ? status : 200, { 'content-type': 'application/json' }).end(body)
  }

const merge = {
  method: 'PATCH',
  body: '{"spec":{"replicas":1}}',
  headers: { 'content-type': 'application/merge-patch+json' },
}
const house = (handler: Handler, rules = keeps) => ({
  handler,
  decide: rules.decide,
  asksOldObject: rules.asksOldObject,
})

describe('A rule about what is stored', () => {
  test('decides by it, and only the policy sees it', () =>
    inHouse(house(cluster('bob')), async (broker) => {
      const reply = await ask(broker, deployment, merge)
      expect(reply.json).toMatchObject({ code: 403, message: expect.stringContaining('It belongs to another team.') })
      expect(reply.text).not.toContain('bob')
      expect(broker.arrived.map(({ method }) => method)).toEqual(['GET'])
      expect(broker.arrived[0]?.url).toBe(deployment)
    }))

  test.each([
    ['its own team', cluster(subject.name)],
    ['nobody: there is none', cluster('', 404)],
  ])('lets through what belongs to %s', (_whose, handler) =>
    inHouse(house(handler), async (broker) => {
      expect((await ask(broker, deployment, merge)).status).toBe(200)
      expect(broker.arrived.map(({ method }) => method)).toEqual(['GET', 'PATCH'])
    }),
  )

  test.each([403, 500])('speaks when the cluster answers %i to the question', (status) =>
    inHouse(house(cluster(subject.name, status)), async (broker) => {
      expect((await ask(broker, deployment, merge)).json).toMatchObject({
        code: 403,
        message: expect.stringContaining('could not be evaluated'),
      })
      expect(broker.arrived).toHaveLength(1)
    }),
  )

  test.each([
    ['a read', deployment, { method: 'GET' }],
    ['another resource', '/api/v1/namespaces/shop/configmaps/web', merge],
    [
      'something new',
      '/apis/apps/v1/namespaces/shop/deployments',
      { method: 'POST', body: '{"metadata":{"name":"x"}}', headers: { 'content-type': 'application/json' } },
    ],
  ])('has nothing read for %s', (_what, path, request) =>
    inHouse(house(cluster('bob')), async (broker) => {
      expect((await ask(broker, path, request)).status).toBe(200)
      expect(broker.arrived).toHaveLength(1)
    }),
  )

  test('that allows does not allow what could not be read', () => {
    const { decide } = policy('')
    const only = loadPolicy([
      {
        file: 'test',
        text: `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: test}
rules:
- {name: own, subjects: [{group: "*"}], match: {verbs: [delete], apiGroups: [apps], resources: [deployments]}, when: oldObject.metadata.labels.team == subject.name, effect: allow}`,
      },
    ])
    const request = {
      kind: 'resource',
      verb: 'delete',
      apiGroup: 'apps',
      apiVersion: 'v1',
      namespace: 'shop',
      resource: 'deployments',
      subresource: '',
      name: 'web',
      fieldSelector: '',
      labelSelector: '',
      dryRun: false,
      effects: ['write'],
      path: deployment,
    } as const
    const input = (oldObject?: JsonValue): DecisionInput => ({
      subject,
      session: { id: 's', kind: 'shell', mode: 'local' },
      request,
      ...(oldObject === undefined ? {} : { oldObject }),
    })
    expect(only.asksOldObject(input())).toBe(true)
    expect(policy('').asksOldObject(input())).toBe(false)
    expect(decide(input()).effect).toBe('allow')
    expect(only.decide(input()).effect).toBe('deny')
    expect(only.decide(input(null)).effect).toBe('deny')
    expect(only.decide(input({ metadata: { labels: { team: subject.name } } })).effect).toBe('allow')
    expect(only.decide(input({ metadata: { labels: { team: 'bob' } } })).effect).toBe('deny')
  })
})

describe('A rule about what is stored, for what waited', () => {
  const watched = loadPolicy([
    {
      file: 'test',
      text: `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: test}
rules:
- {name: look, subjects: [{group: "*"}], match: {verbs: [patch], apiGroups: [apps], resources: [deployments]}, effect: hold, approval: {reviewers: [{group: leads}]}}
- name: keeps-its-team
  subjects: [{group: "*"}]
  match: {verbs: [patch], apiGroups: [apps], resources: [deployments]}
  when: oldObject.metadata.labels.team != "${subject.name}"
  effect: deny
  message: It belongs to another team.`,
    },
  ])
  const waiting = (meanwhile: () => void, handler: Handler) => ({
    ...house(handler, watched),
    park: (asked: HoldAsk) => {
      meanwhile()
      return Promise.resolve({ kind: 'approved' as const, held: heldFrom(asked), complete: () => Promise.resolve() })
    },
  })

  test('decides anew by what is stored when it is released', async () => {
    let team = subject.name
    const handler: Handler = (...both) => cluster(team)(...both)
    await inHouse(
      waiting(() => (team = 'bob'), handler),
      async (broker) => {
        const { json } = await ask(broker, deployment, merge)
        expect(json).toMatchObject({
          code: 403,
          message: expect.stringContaining('What is stored changed while the request waited'),
        })
        expect(broker.arrived.map(({ method }) => method)).toEqual(['GET', 'GET'])
      },
    )
    team = subject.name
    await inHouse(
      waiting(() => undefined, handler),
      async (broker) => {
        expect((await ask(broker, deployment, merge)).status).toBe(200)
        expect(broker.arrived.map(({ method }) => method)).toEqual(['GET', 'GET', 'PATCH'])
      },
    )
  })

  test.each(['gone', 'broken'])('refuses what can then not be read (%s)', (how) => {
    let isOver = false
    const handler: Handler = (message, response, body) => {
      if (!isOver) cluster(subject.name)(message, response, body)
      else if (how === 'gone') message.socket.destroy()
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"metadata":')
    }
    return inHouse(
      waiting(() => void (isOver = true), handler),
      async (broker) => {
        const { json } = await ask(broker, deployment, merge)
        expect(json).toMatchObject({ code: 403, message: expect.stringContaining('could not be read again') })
        expect(broker.arrived.map(({ method }) => method)).not.toContain('PATCH')
      },
    )
  })
})

describe('A rule about how much', () => {
  const limited = policy(
    `- {name: few, subjects: [{group: "*"}], match: {verbs: ["*"], apiGroups: [apps], resources: [deployments]}, effect: allow, limit: {objects: 2, requests: 3, per: 1h}}`,
  )
  const list =
    (count: number): Handler =>
    (message, response) => {
      const body = JSON.stringify({ kind: 'List', items: Array.from({ length: count }, () => ({})) })
      response.writeHead(200, { 'content-type': 'application/json' }).end(message.method === 'GET' ? body : '{}')
    }
  const deployments = '/apis/apps/v1/namespaces/shop/deployments?labelSelector=app%3Dweb'
  const counted = (handler: Handler) => {
    const usage = new Usage()
    const at = <T extends DecisionInput>(input: T) => ({ usage, ...input, now: new Date(0) })
    return {
      handler,
      decide: (input: DecisionInput) => limited.decide(at(input)),
      spend: (input: DecisionInput) => limited.spend(at(input), usage),
      countsObjects: limited.countsObjects,
    }
  }

  test('has what a deletion takes counted, no further than it needs', () =>
    inHouse(counted(list(2)), async (broker) => {
      expect((await ask(broker, deployments, { method: 'DELETE' })).status).toBe(200)
      expect(broker.arrived.map(({ method }) => method)).toEqual(['GET', 'DELETE'])
      const asked = new URL(broker.arrived[0]?.url ?? '', 'https://x').searchParams
      expect([asked.get('labelSelector'), asked.get('limit')]).toEqual(['app=web', '3'])
    }))

  test('refuses what takes more', () =>
    inHouse(counted(list(3)), async (broker) => {
      expect((await ask(broker, deployments, { method: 'DELETE' })).json).toMatchObject({
        code: 403,
        message: expect.stringContaining('more than 2 objects'),
      })
      expect(broker.arrived.map(({ method }) => method)).toEqual(['GET'])
    }))

  test('counts each request once, also when many come together', () =>
    inHouse(counted(cluster(subject.name)), async (broker) => {
      const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await ask(broker, deployment)).status))
      expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 200, 200, 403, 403, 403, 403, 403])
    }))

  test('does not count what waited a second time when it is released', () => {
    const held = loadPolicy([
      {
        file: 'test',
        text: `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: test}
rules:
- {name: one, subjects: [{group: "*"}], match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"]}, effect: allow, limit: {requests: 1, per: 1h}}
- {name: look, subjects: [{group: "*"}], match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"]}, effect: hold, approval: {reviewers: [{group: leads}]}}`,
      },
    ])
    const usage = new Usage()
    const at = <T extends DecisionInput>(input: T) => ({ usage, ...input, now: new Date(0) })
    return inHouse(
      {
        decide: (input) => held.decide(at(input)),
        spend: (input) => held.spend(at(input), usage),
        park: (asked) =>
          Promise.resolve({ kind: 'approved', held: heldFrom(asked), complete: () => Promise.resolve() }),
      },
      async (broker) => {
        expect((await ask(broker, deployment)).status).toBe(200)
        expect((await ask(broker, deployment)).status).toBe(403)
      },
    )
  })
})
