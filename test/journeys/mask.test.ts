import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'
import { temporaryFolder } from '../support/tmp.ts'

const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {password: aHVudGVyMg==}\n'
const pod = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: web, env: [{name: DB_PASSWORD, value: hunter2}, {name: LEVEL, value: debug}]}
`
const mine = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: mine}
rules: [{name: read, subjects: [{group: "*"}], match: {verbs: [get], apiGroups: ["*"], resources: ["*"]}, effect: allow, obligations: [{mask: own}]}]
---
apiVersion: chaperone/v1
kind: MaskSet
metadata: {name: own}
fields: [{apiGroup: "", resource: pods, paths: ["spec.containers[*].name"]}]
`

it('shows what the masks of a policy hide, and fails when they hide nothing', async () => {
  await using folder = await temporaryFolder()
  const file = async (name: string, text: string) => {
    await writeFile(join(folder.path, name), text)
    return join(folder.path, name)
  }
  const env = { HOME: folder.path }
  const [one, other, policy] = [await file('secret', secret), await file('pod', pod), await file('policy', mine)]

  const hidden = await runCli(['mask', 'test', one], { env })
  expect([hidden.code, hidden.stderr]).toEqual([0, 'chaperone: hidden: 1 value\n'])
  expect(hidden.stdout).not.toContain('aHVudGVyMg')
  expect(JSON.parse(hidden.stdout)).toMatchObject({ kind: 'Secret', metadata: { name: 'db' } })

  const variables = await runCli(['mask', 'test', other], { env })
  expect(variables.stdout).not.toContain('hunter2')
  expect(variables.stdout).toContain('debug')

  const own = await runCli(['mask', 'test', other, '--policy', policy], { env })
  expect(own.stdout).toContain('hunter2')
  expect(own.stdout).toMatch(/"name": "chaperone-masked-/)

  const nothing = await runCli(['mask', 'test', one, '--policy', policy], { env })
  expect([nothing.code, nothing.stderr]).toEqual([1, 'chaperone: nothing is hidden\n'])
  const unknown = await runCli(['mask', 'test', one, '--set', 'secretz'], { env })
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('It has: secrets.')])
  expect((await runCli(['mask', 'test', join(folder.path, 'none')], { env })).code).toBe(2)
  expect((await runCli(['mask'], { env })).code).toBe(2)
})
