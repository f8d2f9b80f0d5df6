import { expect, test } from 'vitest'
import { look } from './eye.ts'
import { at, confirmable, heldRequest, note, session } from './house.ts'
import { code, face, key, textOf, typed } from './shell-face.ts'

test('a lost broker: since when, what still works, what happens next; nothing can be ordered meanwhile', async () => {
  const { client, chrome, says, pass } = await face({ cols: 120, rows: 40 })
  client.hello(confirmable())
  await says('1 held')
  pass(3 * 60_000)
  client.say({ type: 'lost', reason: 'ECONNREFUSED' })
  await says('✗ BROKER LOST  no request reaches the cluster')
  chrome.leader()
  expect(textOf(chrome)).toMatch(/✗ no broker since \d\d:03/)
  expect(textOf(chrome)).not.toContain('y confirm')
  for (const character of `wy${code}`) {
    pass(1000)
    chrome.input(typed(character), 1000)
  }
  expect(client.calls).toEqual([])
  chrome.input(typed('3'), 1000)
  expect(textOf(chrome)).toMatch(
    /✗ does not answer since \d\d:03 \(ECONNREFUSED\): the shell works and is recorded, no request\s+reaches the cluster/,
  )
  client.hello(confirmable())
  await says(/answers, since \d\d:03/)
})

test('a broker that ended says what to do', async () => {
  const { client, chrome, says } = await face({ cols: 120, rows: 40 })
  client.hello()
  client.say({ type: 'goodbye', reason: 'the broker stops' })
  await says('✗ BROKER ENDED')
  chrome.leader()
  chrome.input(typed('3'), 1000)
  expect(textOf(chrome)).toContain('✗ ended at')
  expect(textOf(chrome)).toMatch(/leave\s+with `exit` and start `chaperone shell` again/)
})

test.each([
  ['that the broker ended', { type: 'session' as const, session: { ...session, endedAt: at(1) } }],
  ['that the broker does not know any more', { type: 'hello' as const, held: [], sessions: [] }],
])('a session %s says that its requests are refused', async (_name, event) => {
  const { client, chrome, says } = await face({ cols: 120, rows: 40 })
  client.hello()
  await says('41 requests')
  client.say(event)
  await says('✗ SESSION ENDED  requests are refused')
  chrome.leader()
  chrome.input(typed('3'), 1000)
  expect(textOf(chrome)).toContain('✗ this session ended at')
})

test('what a program copied is told once nothing waits, and then for a while', async () => {
  const { client, chrome, pass, says } = await face()
  client.hello(heldRequest())
  await says('▲ 1 held')
  chrome.copied?.(12)
  pass(60_000)
  chrome.resize(80, 24)
  expect(textOf(chrome)).toContain('▲ 1 held')
  client.say({ type: 'held', held: heldRequest({ state: 'withdrawn' }) })
  await says('withdrawn')
  pass(9_000)
  await says('clipboard set by a program (12 bytes)')
  pass(9_000)
  await says('41 requests')
})

test('a denial is told, but never in the place of what waits', async () => {
  const { client, says, chrome } = await face({ cols: 120, rows: 40 })
  const denied = { decision: 'deny', reason: { code: 'rule-denies', rule: 'default/system', message: 'No.' } } as const
  client.hello()
  client.say({ type: 'request', note: note(1, denied) })
  await says('✗ denied: get pods -n shop (default/system)')
  client.say({ type: 'held', held: heldRequest() })
  await says('▲ 1 held')
  client.say({ type: 'request', note: note(2, { ...denied, command: 'kubectl get secrets' }) })
  chrome.leader()
  chrome.input(typed('2'), 1000)
  await says('get secrets')
  expect(textOf(chrome).split('\n').at(-1)).toContain('▲ 1 held')
})

test.each([
  [20, '▲ 1 held', 'Ctrl-]'],
  [30, '▲ 1 held', 'Ctrl-]'],
  [40, '▲ 1 held  15m', 'LOCAL'],
  [60, '▲ 1 held  delete name…hop-staging · 15m', 'LOCAL'],
  [80, '▲ 1 held  delete namespace shop-staging · 15m', 'LOCAL practice'],
  [120, '▲ 1 held  delete namespace shop-staging · needs a review · 15m left', 'practice'],
  [200, '▲ 1 held  delete namespace shop-staging · needs a review by group platform-leads · 15m left', 'practice'],
])('at %i cells the status line says first what waits, then the rest', async (cols, words, also) => {
  const { client, says, chrome } = await face({ cols, rows: 24 })
  client.hello(heldRequest())
  await says('1 held')
  const line = (await look(chrome.frame, cols, 24)).lines.at(-1)
  expect(line).toContain(words)
  expect(line).toContain(also)
})

test.each([
  [40, '▲ 1 held  needs you · 15m', 'Ctrl-]'],
  [60, '▲ 1 held  needs you · 15m', 'LOCAL'],
  [80, '▲ 1 held  delete pod web-0 -n shop · needs you · 15m', 'LOCAL'],
])('at %i cells it says that it is one’s own confirmation which is waited for', async (cols, words, also) => {
  const { client, says, chrome } = await face({ cols, rows: 24 })
  client.hello(confirmable())
  await says('1 held')
  const line = (await look(chrome.frame, cols, 24)).lines.at(-1)
  expect(line).toContain(words)
  expect(line).toContain(also)
})

test('the row stands still while the time runs down', async () => {
  const { client, chrome, pass, says } = await face({ cols: 80, rows: 24 })
  client.hello(heldRequest({ command: 'kubectl delete namespace shop-stagingx' }))
  await says('1 held')
  const starts = new Set<number>()
  for (const ms of [0, 1_000, 59_000, 300_000, 500_000]) {
    pass(ms)
    chrome.resize(80, 24)
    starts.add((await look(chrome.frame, 80, 24)).lines.at(-1)?.indexOf('▲') ?? -1)
  }
  expect(starts.size).toBe(1)
})

test('what waits is told whole before the row says how to open the drawer in words', async () => {
  const { client, says, chrome } = await face({ cols: 100, rows: 24 })
  client.hello(heldRequest({ command: 'kubectl create configmap x -n kube-system' }))
  await says('1 held')
  const line = (await look(chrome.frame, 100, 24)).lines.at(-1)
  expect(line).toContain('create configmap x -n kube-system')
  expect(line).toContain('Ctrl-]')
})

test.each([20, 24, 40, 60])('at %i cells a lost broker is still said whole', async (cols) => {
  const { client, says, chrome } = await face({ cols, rows: 10 })
  client.hello(heldRequest())
  client.say({ type: 'lost', reason: 'gone' })
  await says('✗ BROKER LOST')
  expect((await look(chrome.frame, cols, 10)).lines.at(-1)).toContain('✗ BROKER LOST')
})

test('the smallest drawer says how much is below what it shows', async () => {
  const { client, says, chrome } = await face({ cols: 20, rows: 5 })
  client.hello(heldRequest())
  await says('1 held')
  chrome.leader()
  expect(textOf(chrome).split('\n')[0]).toMatch(/^─\[Held 1]─+ ↓ \d+ ─$/)
})

test('a drawer that is walked through keeps what waits in sight on its first row', async () => {
  const { client, says, chrome } = await face({ cols: 40, rows: 12 })
  client.hello(heldRequest({ body: 'x'.repeat(400) }))
  await says('1 held')
  chrome.leader()
  expect(chrome.frame.drawerRows[0]).toContain('↓')
  for (const press of [key('tab'), key('tab'), key('tab')]) {
    chrome.input(press, 1000)
    expect(textOf(chrome).split('\n')[0]).toContain('Held 1')
  }
})
