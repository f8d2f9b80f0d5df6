import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { builtMain, pinnedNode } from '../support/cli.ts'
import { personsEnvironment } from '../support/environment.ts'
import { openPty } from '../support/pty.ts'
import { brokerOfFile } from './broker.ts'

const broker = brokerOfFile()

const removal = ['delete', 'namespace', 'shop-staging', '--wait=false']

describe('a command that is parked does not look hung', () => {
  it.each(['line', 'none'])('with --ui=%s it says for whom it waits, until when, and what to do', async (ui) => {
    const { code, stderr } = await broker.kubectlRun(removal, [`--ui=${ui}`, '--wait=1s'])
    expect(code).toBe(120)
    const [notice = '', way = ''] = stderr.split('\n')
    expect(notice).toMatch(/held h-\w{6}: kubectl delete namespace shop-staging .*a review by .*until \d\d:\d\d/)
    expect(way).toMatch(/`chaperone review --practice --state \S+`/)
    expect(stderr).toMatch(/chaperone why [0-9a-f-]{36}/)
  })

  it('a plain shell says it too, with --ui=none', async () => {
    const args = [
      builtMain,
      'shell',
      '--practice',
      '--state',
      broker.state,
      '--ui=none',
      '--',
      broker.kubectl,
      ...removal,
    ]
    await using pty = openPty(pinnedNode, args, { cols: 200 })
    await pty.waitForScreen('held approve')
    expect(pty.text()).toMatch(/held h-\w{6}: kubectl delete namespace shop-staging .*a review by .*until \d\d:\d\d/)
    pty.type('\x03')
    await pty.exit
  })

  it('with --wait=0 it says at once that it does not wait, and to come again', async () => {
    const { code, stderr } = await broker.kubectlRun(removal, ['--wait=0'])
    expect([code, stderr]).toEqual([120, expect.stringMatching(/open for review until .*run the same command again/s)])
  })
})

it('without the full screen, who asked confirms in a second terminal, in plain lines', async () => {
  const at = ['--practice', '--state', broker.state]
  const removing = ['delete', 'deployment', 'checkout', '-n', 'shop-production']
  const args = [builtMain, 'run', ...at, '--ui=line', '--', broker.kubectl, ...removing]
  await using running = openPty(pinnedNode, args, { cols: 200 })
  const said = await running.waitForScreen(/held confirm (h-\w{6})/)
  const id = /held confirm (h-\w{6})/.exec(said)?.[1] ?? ''
  expect((await broker.chaperone(['held', 'confirm', id])).stderr).toContain('given in a terminal')
  const inside = ['run', '--practice', '--', pinnedNode, builtMain, 'held', 'confirm', id]
  expect((await broker.chaperone(inside)).stderr).toContain('not possible inside supervised session')

  const confirming = () =>
    openPty(pinnedNode, [builtMain, 'held', 'confirm', id, '--state', broker.state], { cols: 200 })
  {
    await using hasty = confirming()
    await hasty.waitForScreen('to confirm exactly this')
    hasty.type('no\r')
    expect((await hasty.exit).code).toBe(1)
    expect(hasty.text()).toContain('nothing was confirmed')
  }
  await using second = confirming()
  const asked = await second.waitForScreen(/Type (\S) (\S) to confirm exactly this/)
  expect(asked).toContain('DELETE /apis/apps/v1/namespaces/shop-production/deployments/checkout')
  const [, first = '', last = ''] = /Type (\S) (\S) to confirm/.exec(asked) ?? []
  second.type(`${first}${last}\r`)
  expect((await second.exit).code).toBe(0)
  expect((await running.exit).code).toBe(0)
  expect(running.text()).toContain('deleted')
})

describe('the last line of a run', () => {
  it('counts what the journal counts', async () => {
    const script = [
      'kubectl get secrets -n shop-production -o json',
      'kubectl get --raw /api/v1/nodes/x/proxy/metrics',
      'kubectl delete namespace monitoring --wait=false',
    ].join('; ')
    const folder = broker.kubectl.slice(0, -'/kubectl'.length)
    const run = ['run', '--practice', '--wait=0', '--', 'sh', '-c', `PATH="${folder}:$PATH"; ${script}`]
    const { stderr } = await broker.chaperone(run)
    expect(stderr.trim().split('\n').at(-1)).toMatch(
      /^chaperone: 3 requests, 1 held, 1 denied, \d+ values masked; chaperone replay latest$/,
    )
  })

  it('is not there when nothing was asked for', async () => {
    expect((await broker.chaperone(['run', '--practice', '--', 'true'])).stderr).toBe('')
  })
})

it('stopped with Ctrl-C, it takes the request back, and the last line knows of it; lines break between words', async () => {
  const args = [builtMain, 'run', '--practice', '--state', broker.state, '--', broker.kubectl, ...removal]
  await using pty = openPty(pinnedNode, args, { cols: 60 })
  await pty.waitForScreen('held approve')
  pty.type('\x03')
  await pty.exit
  expect(pty.text()).toContain('h-')
  expect(pty.text()).toMatch(/^chaperone: 1 request, 1 held; chaperone replay latest$/m)
  expect(pty.text()).toMatch(/^chaperone: A reviewer answers with$/m)
})

it('told to end, a run ends although its shell left a waiting kubectl behind, and takes the request back', async () => {
  const line = `${broker.kubectl} delete namespace data; echo never`
  const args = [builtMain, 'run', '--practice', '--state', broker.state, '--', 'sh', '-c', line]
  const run = spawn(pinnedNode, args, { env: personsEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(run, 'exit') as Promise<[number | null]>
  const stdout = text(run.stdout)
  let stderr = ''
  for await (const chunk of run.stderr) {
    stderr += String(chunk)
    if (!run.killed && stderr.includes('chaperone review')) run.kill('SIGTERM')
  }
  expect([(await exited)[0], await stdout]).toEqual([143, ''])
  expect(stderr).toMatch(/SIGTERM: the command was told to end/)
  expect(JSON.parse((await broker.chaperone(['held', 'list', '--json'])).stdout)).not.toContainEqual(
    expect.objectContaining({ command: 'kubectl delete namespace data' }),
  )
})
