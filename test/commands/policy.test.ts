import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runPolicyTest } from '../../src/commands/policy-test.ts'
import { policyOf } from '../../src/commands/policy-source.ts'
import { briefly, eachPath } from '../../src/commands/masked-paths.ts'
import { explanationOf, rememberedInput } from '../../src/commands/policy-explain.ts'
import { describedRequest, inputOf } from '../../src/commands/described-request.ts'
import { whatIf } from '../../src/commands/policy-whatif.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { lint } from '../../src/policy/lint.ts'
import { loadPolicy, type Policy } from '../../src/policy/parse.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import { auditEvent, clock } from '../journal/support.ts'
import { temporaryFolder } from '../support/tmp.ts'

const starters = fileURLToPath(new URL('../../docs/policies', import.meta.url))
const files = (await readdir(starters)).filter((name) => name.endsWith('.yaml'))
const operator = { name: 'ana', groups: ['chaperone:operators'] }
const builtin = loadPolicy([builtinSource])
const asked = (request: Parameters<typeof describedRequest.parse>[0]) =>
  explanationOf(builtin, inputOf(operator, describedRequest.parse(request)))

describe('The starter policies', () => {
  it('come each with a test', () => {
    const policies = files.filter((name) => !name.endsWith('.test.yaml'))
    expect(policies.length).toBe(5)
    expect(files).toEqual(expect.arrayContaining(policies.map((name) => name.replace('.yaml', '.test.yaml'))))
  })

  it.each(files.filter((name) => name.endsWith('.test.yaml')))('decide as %s says', async (name) => {
    const results = await runPolicyTest(join(starters, name))
    expect(results.filter(({ passed }) => !passed)).toEqual([])
  })

  it.each(files.filter((name) => !name.endsWith('.test.yaml')))(
    'hold no rule that never has a say: %s',
    async (name) => {
      expect(lint((await policyOf([join(starters, name)])).rules, undefined)).toEqual([])
    },
  )
})

describe('policy test', () => {
  it('says what came instead of what was expected', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'wrong.test.yaml')
    const text = await readFile(join(starters, 'read-only-developers.test.yaml'), 'utf8')
    await writeFile(
      file,
      text
        .replace('read-only-developers.yaml', join(starters, 'read-only-developers.yaml'))
        .replace('expect: deny', 'expect: allow'),
    )
    const failed = (await runPolicyTest(file)).filter(({ passed }) => !passed)
    expect(failed.map(({ problem }) => problem)).toEqual(['expected allow, got deny (no-rule-matches)'])
  })

  it('refuses a file with an unknown key, with its line', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'x.yaml')
    await writeFile(
      file,
      'apiVersion: chaperone/v1\nkind: PolicyTest\ncases:\n- {name: a, subject: {}, reqest: {}, expect: allow}\n',
    )
    await expect(runPolicyTest(file)).rejects.toThrow(/x\.yaml:4: .*cases\.0/)
  })
})

describe('policy explain', () => {
  it('says what would be masked, and what would let a request pass', () => {
    const read = asked({ verb: 'get', resource: 'secrets', namespace: 'shop', name: 'db' })
    expect(read).toMatchObject({ decision: 'allow', wayForward: 'Nothing more is needed.' })
    expect(read.masked.flatMap(eachPath)).toContain('secrets data.*')
    const held = asked({ verb: 'delete', resource: 'namespaces', name: 'shop' })
    expect(held.wayForward).toBe('Another person of group chaperone:reviewers may approve it: chaperone review.')
    const denied = asked({ verb: 'create', resource: 'pods/exec', namespace: 'kube-system', name: 'dns' })
    expect(denied.wayForward).toContain('builtin/no-exec-in-system-namespace')
  })

  it('says in few lines what would be masked where a policy names many fields', () => {
    const { masked } = asked({ verb: 'list', resource: 'pods', namespace: 'shop' })
    const lines = briefly(masked)
    expect(lines).toContain('pods metadata.annotations.{*token*,*api-key*,*password*}')
    expect(lines.join('\n')).toContain('spec.{containers,initContainers,ephemeralContainers}.*.{args,command}')
    expect(lines.length).toBeLessThan(12)
    expect(masked.flatMap(eachPath).length).toBeGreaterThan(30)
  })

  it('remembers a request of the journal as it was', () => {
    const event: AuditEvent = {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'a-1',
      stage: 'ResponseComplete',
      requestURI: '/apis/apps/v1/namespaces/shop/deployments/web?dryRun=All',
      verb: 'delete',
      user: { username: 'ana', groups: ['chaperone:operators'] },
      sourceIPs: [],
      userAgent: '',
      requestReceivedTimestamp: '',
      stageTimestamp: '',
      annotations: { 'chaperone/decision': 'allow', 'chaperone/policy-digest': 'd' },
    }
    expect(rememberedInput(event)?.request).toMatchObject({ verb: 'delete', resource: 'deployments', dryRun: true })
    expect(rememberedInput({ ...event, annotations: {} })).toBeUndefined()
    // Refused before policy was asked, or a sign-in.
    expect(rememberedInput({ ...event, annotations: { 'chaperone/decision': 'deny' } })).toBeUndefined()
  })

  it('refuses a request that cannot be', () => {
    expect(() => asked({ verb: 'update', resource: 'pods', namespace: 'shop' })).not.toThrow()
    expect(() => asked({ verb: 'deletecollection', resource: 'pods', namespace: 'shop', name: 'x' })).toThrow(
      /would be delete/,
    )
  })
})

describe('policy whatif', () => {
  const rules = (more: string) =>
    loadPolicy([
      {
        file: 'test',
        text: `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: test}
rules:
- {name: reads, subjects: [{group: "*"}], match: {verbs: [get, list], apiGroups: ["*"], resources: ["*"]}, effect: allow}
${more}`,
      },
    ])
  const line = (auditID: string, minute: number, more: Partial<AuditEvent>, decision = 'allow') =>
    auditEvent(auditID, {
      requestReceivedTimestamp: `2026-11-23T06:0${minute}:00.000000Z`,
      annotations: {
        'chaperone/decision': decision,
        'chaperone/policy-digest': 'd',
        'chaperone/command': `kubectl ${more.verb ?? 'list'}`,
      },
      ...more,
    })
  const change = { requestURI: '/api/v1/namespaces/shop/configmaps/web', verb: 'update' } as const
  const whatIfOf = async (policy: Policy, events: readonly AuditEvent[]) => {
    await using folder = await temporaryFolder()
    const journal = await openJournal({ folder: join(folder.path, 'journal'), clock })
    for (const event of events) await journal.append(event, 'durable')
    await journal.close()
    return await whatIf(join(folder.path, 'journal'), policy, undefined)
  }

  it('says what would be decided otherwise, and what of it is certain', async () => {
    const policy =
      rules(`- {name: writes, subjects: [{group: "*"}], match: {verbs: [update], apiGroups: [""], resources: [configmaps]}, effect: allow, when: size(object.data) < 5}
- {name: no-lists, subjects: [{group: "*"}], match: {verbs: [list], apiGroups: [""], resources: [pods]}, effect: deny, message: No.}`)
    const { requests, changes } = await whatIfOf(policy, [line('a', 0, {}), line('b', 1, {}), line('c', 2, change)])
    expect(requests).toBe(3)
    expect(changes).toMatchObject([
      { before: 'allow', after: 'deny', times: 2, rules: ['test/no-lists'], depends: [], latest: 'b' },
      { before: 'allow', after: 'deny', times: 1, depends: ['test/writes'] },
    ])
  })

  it('counts what limits would have counted, at the time it came', async () => {
    const policy = rules(
      `- {name: few, subjects: [{group: "*"}], match: {verbs: [update], apiGroups: [""], resources: [configmaps]}, effect: allow, limit: {requests: 1, per: 2m}}`,
    )
    const { changes } = await whatIfOf(policy, [line('a', 0, change), line('b', 1, change), line('c', 5, change)])
    expect(changes).toMatchObject([{ before: 'allow', after: 'deny', times: 1, latest: 'b' }])
  })

  it('asks for the time and the reason of then', async () => {
    const policy = rules(
      `- {name: early, subjects: [{group: "*"}], match: {verbs: [update], apiGroups: [""], resources: [configmaps]}, effect: allow, requireReason: true, when: now < timestamp("2026-11-23T06:03:00Z")}`,
    )
    const told = (auditID: string, minute: number) => {
      const event = line(auditID, minute, change)
      return { ...event, annotations: { ...event.annotations, 'chaperone/session-reason': 'INC-7' } }
    }
    const { changes } = await whatIfOf(policy, [told('a', 0), told('b', 5), line('c', 1, change)])
    expect(changes.map(({ latest, times }) => [latest, times])).toEqual([['c', 2]])
  })
})
