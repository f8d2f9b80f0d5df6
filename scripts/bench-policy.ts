import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import type { ResourceRequest } from '../src/model/request.ts'
import type { Subject } from '../src/model/subject.ts'
import { loadPolicy } from '../src/policy/parse.ts'

/**
 * Decisions per second with 10 to 10,000 rules, next to Cedar with its policy set parsed beforehand, on the same rules and
 * the same requests, in turns within one run. Both have to give the same answer to every request. Prints JSON.
 *
 * A tenth of the rules has a condition. Four fifths of the requests are of a team in its own namespace, the others in a
 * foreign one.
 * Usage: node scripts/bench-policy.ts [--seconds 2]
 */
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } } })
/** Each side runs this long in one turn (milliseconds), and takes three turns. */
const turnMs = (Number(values.seconds) * 1000) / 3
const turns = 3
const requestsOfSize = 500
const resources = ['pods', 'configmaps', 'services', 'secrets', 'events']

interface Case {
  readonly team: number
  readonly request: ResourceRequest
}

const results = [10, 100, 1000, 10_000].map(measure)
process.stdout.write(`${JSON.stringify({ load: loadavg()[0], results }, undefined, 2)}\n`)

function measure(rules: number) {
  const ours = oursOf(rules)
  const cedar = cedarOf(rules)
  const cases = casesOf(rules)
  const differing = cases.filter((one) => ours(one) !== cedar(one)).length
  if (differing > 0) throw new Error(`${differing} of ${cases.length} requests are decided differently.`)
  const spent = { ours: 0, cedar: 0 }
  const done = { ours: 0, cedar: 0 }
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, decide] of [
      ['ours', ours],
      ['cedar', cedar],
    ] as const) {
      const start = performance.now()
      let now = start
      for (let index = 0; now - start < turnMs; index++) {
        decide(cases[index % cases.length] as Case)
        done[name]++
        if (index % 16 === 0) now = performance.now()
      }
      spent[name] += performance.now() - start
    }
  }
  const micros = (name: 'ours' | 'cedar') => Number(((spent[name] * 1000) / done[name]).toFixed(2))
  return {
    rules,
    microsecondsPerDecision: { chaperone: micros('ours'), cedar: micros('cedar') },
    timesCedar: Number((micros('cedar') / micros('ours')).toFixed(1)),
  }
}

/** Rule `index` lets one team act on one resource of its namespace; every tenth one refuses deletes by a condition. */
function shape(index: number) {
  return {
    team: Math.floor(index / resources.length),
    resource: resources[index % resources.length] ?? '',
    denies: index % 10 === 9,
  }
}

function oursOf(count: number): (one: Case) => boolean {
  const rules = Array.from({ length: count }, (_, index) => {
    const { team, resource, denies } = shape(index)
    return {
      name: `r${index}`,
      subjects: [{ group: `team-${team}` }],
      match: { verbs: ['get', 'list', 'delete'], apiGroups: [''], resources: [resource], namespaces: [`ns-${team}`] },
      effect: denies ? 'deny' : 'allow',
      ...(denies ? { when: 'request.verb == "delete" && request.name.startsWith("keep")' } : {}),
    }
  })
  const text = JSON.stringify({ apiVersion: 'chaperone/v1', kind: 'AccessPolicy', metadata: { name: 'bench' }, rules })
  const { decide } = loadPolicy([{ file: 'bench', text }])
  const session = { id: 's-abcdefgh', kind: 'shell', mode: 'local' } as const
  return ({ team, request }) => decide({ subject: subjectOf(team), session, request }).effect === 'allow'
}

function cedarOf(count: number): (one: Case) => boolean {
  const text = Array.from({ length: count }, (_, index) => {
    const { team, resource, denies } = shape(index)
    const scope = `principal in Group::"team-${team}", action in [Action::"get", Action::"list", Action::"delete"], resource == Resource::"${resource}"`
    const where = `context.apiGroup == "" && context.namespace == "ns-${team}"`
    const when = denies ? `${where} && context.verb == "delete" && context.name like "keep*"` : where
    return `${denies ? 'forbid' : 'permit'} (${scope}) when { ${when} };`
  }).join('\n')
  const id = `bench-${count}`
  const parsed = preparsePolicySet(id, { staticPolicies: text })
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed.errors))
  return ({ team, request }) => {
    const user = { type: 'User', id: 'ana' }
    const groups = subjectOf(team).groups.map((group) => ({ type: 'Group', id: group }))
    const answer = statefulIsAuthorized({
      principal: user,
      action: { type: 'Action', id: request.verb },
      resource: { type: 'Resource', id: request.resource },
      context: { apiGroup: request.apiGroup, namespace: request.namespace, verb: request.verb, name: request.name },
      preparsedPolicySetId: id,
      entities: [{ uid: user, attrs: {}, parents: groups }],
    })
    if (answer.type !== 'success') throw new Error(JSON.stringify(answer.errors))
    return answer.response.decision === 'allow'
  }
}

function casesOf(rules: number): readonly Case[] {
  const teams = Math.max(1, Math.floor(rules / resources.length))
  return Array.from({ length: requestsOfSize }, (_, index) => {
    const team = (index * 7) % teams
    const namespace = `ns-${index % 5 === 0 ? (team + 1) % teams : team}`
    const verb = ['get', 'list', 'delete'][index % 3] ?? 'get'
    const resource = resources[index % resources.length] ?? ''
    return { team, request: requestOf(verb, resource, namespace, index % 2 === 0 ? 'keep-1' : 'web') }
  })
}

function requestOf(verb: string, resource: string, namespace: string, name: string): ResourceRequest {
  const none = { apiGroup: '', subresource: '', fieldSelector: '', labelSelector: '', dryRun: false }
  return {
    ...none,
    kind: 'resource',
    verb,
    apiVersion: 'v1',
    namespace,
    resource,
    name: verb === 'list' ? '' : name,
    effects: verb === 'delete' ? ['write'] : ['read'],
    path: '/',
  }
}

function subjectOf(team: number): Subject {
  const groups = ['everyone', `team-${team}`]
  return { name: 'ana', uid: 'u-1', groups, extra: {}, authenticatedBy: 'session-token' }
}
