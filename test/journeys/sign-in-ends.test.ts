import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { peopleProvider } from '../identity/people-provider.ts'
import { builtMain, pinnedNode, startCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { openPty } from '../support/pty.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { deskOf } from './people.ts'

const policy = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: team}
rules:
- name: deletes-need-a-lead
  subjects: [{group: developers}]
  match: {verbs: [delete], apiGroups: ["*"], resources: ["*"], namespaces: ["*"]}
  effect: hold
  approval: {reviewers: [{group: leads}], count: 1, expiresAfter: 15m}
- name: discovery
  subjects: [{group: "*"}]
  match: {verbs: [get], nonResourceURLs: ["*"]}
  effect: allow
`

it('a review screen goes on through many refreshed sign-ins without a word, and is told of what waits', async () => {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder()).path
  const idp = parts.use(await peopleProvider({ idTokenSeconds: 6 }))
  const file = join(folder, 'policy.yaml')
  await writeFile(file, policy)
  const ana = await deskOf(folder, idp, 'ana', { policies: [file] })
  const rob = await deskOf(folder, idp, 'rob')
  const state = join(ana.home, '.local/state/chaperone')
  const serve = ['serve', '--practice', '--config', ana.config]
  parts.use(await startCli(serve, join(folder, 'ready'), { env: ana.env }))
  await ana.chaperone(['login', '--config', ana.config])
  const asRob = ['--state', state, '--config', rob.config, '--sign-in', join(rob.home, 'sign-in')]
  await rob.chaperone(['login', ...asRob])

  const pty = parts.use(openPty(pinnedNode, [builtMain, 'review', ...asRob], { cols: 120, env: rob.env }))
  await pty.waitForScreen('Nothing waits')
  const refreshes = () => idp.asked.filter((asked) => asked === 'POST /token').length
  const before = refreshes()
  while (refreshes() < before + 2) await pause(50)
  const remove = [await kubectlPath(), 'delete', 'pod', 'web', '-n', 'shop-production', '--wait=false']
  const held = await ana.chaperone(['run', '--practice', '--config', ana.config, '--wait=0', '--', ...remove])
  expect(held.code).toBe(120)
  await pty.waitForScreen('delete pod')
  expect(pty.output()).not.toMatch(/LOST|does not answer/)
})
