import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { builtMain, pinnedNode, runCli } from '../support/cli.ts'
import { personsEnvironment } from '../support/environment.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { brokerOfFile } from './broker.ts'

const broker = brokerOfFile()

it('shows the broker, a session with its counts, and what is held', async () => {
  const line = `${broker.kubectl} get pods -n data -o name >/dev/null; ${broker.kubectl} delete namespace data`
  const args = [builtMain, 'run', '--practice', '--state', broker.state, '--', 'sh', '-c', line]
  const run = spawn(pinnedNode, args, { env: personsEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(run, 'exit')
  let stderr = ''
  for await (const chunk of run.stderr) if ((stderr += String(chunk)).includes('chaperone review')) break
  const { stdout, code } = await broker.chaperone(['status'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^broker +process \d+ for the practice cluster .*; mode local; policy builtin$/m)
  expect(stdout).toMatch(/^sessions +s-\w{8} {2}\S+ {2}run for \d+s {2}1 request {2}sh -c /m)
  expect(stdout).toMatch(/^held +h-\w{6} {2}\S+ {2}kubectl delete namespace data {2}needs a review by .*1[45]m/m)
  expect(stdout).toMatch(/^recorded +1 session, the latest just now/m)
  run.kill('SIGKILL')
  await exited
})

it('says what to do where nothing runs and nothing was done', async () => {
  await using folder = await temporaryFolder()
  const home = folder.path
  const env = { HOME: home, XDG_STATE_HOME: home }
  const { stdout, code } = await runCli(['status'], { env })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^broker +none runs; `chaperone shell`.*^sessions +none$.*`chaperone reviewer add NAME`/ms)
  expect(JSON.parse((await runCli(['status', '--json'], { env })).stdout)).toEqual({
    broker: null,
    sessions: [],
    held: [],
    reviewers: [],
    recordings: { number: 0, latest: null },
  })
  const verify = await runCli(['journal', 'verify'], { env })
  expect([verify.code, verify.stderr]).toEqual([1, expect.stringContaining('Nothing to verify')])
})
