import { describe, expect, test } from 'vitest'
import { look, onlyStyled } from './eye.ts'
import { approvedBy, at, confirmable, deniedBy, heldRequest, note, session } from './house.ts'
import { face, key, pasted, textOf, typed } from './shell-face.ts'

const sizes = [
  [40, 12],
  [80, 24],
  [120, 40],
  [200, 50],
] as const

const hostile = heldRequest({
  id: 'h-\u001b[2J',
  command: 'kubectl delete pod \u001b]0;pwned\u0007\u202e\u2028日本語 -n \u009b31m',
  claimedCommand: 'kubectl get pods\r\n\u001b[1A approved by rita',
  comment: 'please\u0000\u200b\nquickly',
  method: 'GET',
  target: '/api/v1/pods?x=\u001b[H',
  body: '{"a":"\u001b[1;1Hyou may press y\u2066"}',
})
const wide = heldRequest({
  command: `kubectl delete pod ${'日本語のとても長い名前'.repeat(20)} e\u0301${'x'.repeat(300)}`,
})
const states = {
  'nothing held': [],
  'one review': [heldRequest()],
  'one confirmation': [confirmable()],
  many: [heldRequest(), confirmable(), ...['a', 'b', 'c', 'd'].map((id) => heldRequest({ id: `h-${id}` }))],
  'long and wide names': [wide],
  'hostile strings': [hostile],
} as const

describe.each(sizes)('at %i×%i', (cols, rows) => {
  test.each(Object.entries(states))(
    '%s: rows keep their place, hold only styles, and take half the screen',
    async (_name, held) => {
      const { client, chrome, says } = await face({ cols, rows })
      client.hello(...held)
      await says(held.length === 0 ? '41' : `${held.length} held`)
      chrome.leader()
      await look(chrome.frame, cols, rows)
      expect(chrome.frame.drawerRows.length).toBeLessThanOrEqual(Math.floor(rows / 2))
      for (const row of [...chrome.frame.drawerRows, chrome.frame.statusRow]) expect(row).toSatisfy(onlyStyled)
    },
  )

  test('the status line says whose it is, the mode, that something waits, and the way in', async () => {
    const { client, chrome, says } = await face({ cols, rows })
    client.hello(heldRequest())
    await says('1 held')
    const line = (await look(chrome.frame, cols, rows)).lines.at(-1)
    expect(line).toMatch(cols < 100 ? /^ ◆ / : /^ chaperone /)
    expect(line).toContain('LOCAL')
    expect(line).toContain('15m')
    expect(line).toContain('Ctrl-]')
  })

  test('a lost broker is said loudly', async () => {
    const { client, chrome, says } = await face({ cols, rows })
    client.hello()
    client.say({ type: 'lost', reason: 'ECONNREFUSED' })
    await says('BROKER LOST')
    expect((await look(chrome.frame, cols, rows)).lines.at(-1)).toContain('✗ BROKER LOST')
    expect(chrome.frame.statusRow).toContain('\u001b[31m')
  })
})

test('a request that needs a review says who can give it and how, and offers no way to give it here', async () => {
  const { client, chrome, says } = await face()
  client.hello(heldRequest({ claimedCommand: 'kubectl delete ns shop-staging' }))
  await says('1 held')
  chrome.leader()
  const { lines } = await look(chrome.frame, 80, 24)
  expect(lines.slice(-13, -1).map((line) => line.trimEnd())).toEqual([
    expect.stringMatching(/^─\[Held 1] Activity  Session  Help ─+ h-abc234 · ↓ 6 more ─$/),
    ' runs    kubectl delete namespace shop-staging',
    ' needs   a review by group platform-leads: another person, in another terminal,',
    '         with `chaperone review --practice`',
    ' claims  kubectl delete ns shop-staging  (said by the client, not checked)',
    ' why     Deleting a namespace deletes everything in it, so a second person',
    '         looks first. (default/namespaces-are-forever)',
    expect.stringMatching(/^ asked {3}\d\d:00, less than a minute ago$/),
    expect.stringMatching(/^ until {3}\d\d:15, then it expires; the client waits$/),
    ' request delete namespaces shop-staging',
    ' sends   DELETE /api/v1/namespaces/shop-staging',
    ' c say why   w withdraw   PgDn scroll   Tab next part   Esc close',
  ])
})

test('what would act on the terminal is shown as what it is', async () => {
  const { client, chrome, says } = await face({ cols: 120, rows: 40 })
  client.hello(hostile)
  await says('1 held')
  chrome.leader()
  const { text } = await look(chrome.frame, 120, 40)
  for (const shown of [
    'h-\\x1b[2J',
    'kubectl delete pod \\x1b]0;pwned\\x07\\u202e\\u2028日本語 -n \\u009b31m',
    'kubectl get pods\\r\\n\\x1b[1A approved by rita  (said by the client, not checked)',
    'please\\x00\\u200b',
    'GET /api/v1/pods?x=\\x1b[H',
    '{"a":"\\x1b[1;1Hyou may press y\\u2066"}',
  ]) {
    expect(text).toContain(shown)
  }
})

test('outside practice the reviewer runs plain `chaperone review`', async () => {
  const { client, chrome, says } = await face({ practice: false, cols: 120, rows: 40 })
  client.hello(heldRequest())
  await says('1 held')
  chrome.leader()
  expect(textOf(chrome)).toContain('`chaperone review`')
  expect(textOf(chrome)).not.toContain('--practice')
})

test('a claim that only names the verb, as kubectl’s does, is no news', async () => {
  const { client, chrome, says } = await face()
  client.hello(heldRequest({ claimedCommand: 'kubectl delete' }))
  await says('1 held')
  chrome.leader()
  expect(textOf(chrome)).not.toContain('claims')
})

test('the body scrolls to its end and no further', async () => {
  const { client, chrome, says } = await face()
  client.hello(heldRequest())
  await says('1 held')
  chrome.leader()
  expect(textOf(chrome)).not.toContain('propagationPolicy')
  for (let times = 0; times < 9; times++) chrome.input(key('pagedown'), 1000)
  expect(textOf(chrome)).toContain('"propagationPolicy": "Background"')
  expect(textOf(chrome)).not.toContain('↓')
})

test('several held requests are chosen with the arrows', async () => {
  const { client, chrome, says } = await face()
  client.hello(heldRequest(), confirmable({ createdAt: at(1) }))
  await says('2 held')
  chrome.leader()
  expect(textOf(chrome)).toContain(' ▸ h-abc234')
  chrome.input(key('down'), 1000)
  expect(textOf(chrome)).toContain(' ▸ h-cnf234')
  expect(textOf(chrome)).toContain('2 of 2')
  expect(textOf(chrome)).toContain('y confirm')
})

test('with nothing held the drawer tells what happened', async () => {
  const { client, chrome, says } = await face()
  client.hello()
  client.say(
    { type: 'request', note: note(1, { command: 'kubectl get secret db -n shop', masked: 3 }) },
    {
      type: 'request',
      note: note(2, {
        command: 'kubectl exec coredns -n kube-system -- sh',
        decision: 'deny',
        reason: { code: 'rule-denies', rule: 'default/system', message: 'Hands off.' },
      }),
    },
    { type: 'request', note: note(3, { command: 'kubectl of another session', sessionID: 's-other' }) },
    { type: 'session', session: { ...session, counts: { requests: 43, held: 0, denied: 1, masked: 5 } } },
  )
  await says('✗ denied: exec coredns')
  chrome.leader()
  const text = (await look(chrome.frame, 80, 24)).text
  expect(text).toMatch(/▸ \d\d:00:02 ✗ exec coredns -n kube-system -- sh +denied by default\/system · 12 ms/)
  expect(text).toMatch(/ {2}\d\d:00:01 ✓ get secret db -n shop +allowed · 3 masked · 12 ms/)
  expect(text).not.toContain('another session')
})

test('verdicts are told for some seconds, and the bell rings for a new request and for its verdict', async () => {
  const { client, chrome, says, pass } = await face({ cols: 120, rows: 40 })
  client.hello()
  await says('41 requests')
  expect(chrome.frame.bells).toBe(0)
  client.say({ type: 'held', held: heldRequest() })
  await says('▲ 1 held')
  expect(chrome.frame.bells).toBe(1)
  client.say({ type: 'held', held: approvedBy(heldRequest(), 'rita') })
  await says('✓ approved by rita: delete namespace shop-staging')
  expect(chrome.frame.bells).toBe(2)
  client.say({ type: 'held', held: { ...approvedBy(heldRequest(), 'rita'), state: 'completed' } })
  pass(9000)
  await says('41 requests')
  expect(chrome.frame.bells).toBe(2)
})

test.each([
  ['denied', deniedBy(heldRequest(), 'rita', 'not on a Friday'), '✗ denied by rita: not on a Friday', 2],
  ['expired', heldRequest({ state: 'expired' }), '✗ expired, nobody decided in time', 2],
  ['refused unseen', heldRequest({ state: 'denied', outcome: 'Too many wait.' }), '✗ denied: Too many wait.', 2],
  ['withdrawn by its own user', heldRequest({ state: 'withdrawn' }), '✗ withdrawn: delete namespace', 1],
  ['confirmed by its own user', heldRequest({ state: 'approved' }), '✓ confirmed by you: delete namespace', 1],
] as const)('%s is told', async (_name, after, words, bells) => {
  const { client, chrome, says } = await face({ cols: 120, rows: 40 })
  client.hello(heldRequest())
  await says('▲ 1 held')
  client.say({ type: 'held', held: after })
  await says(words)
  expect(chrome.frame.bells).toBe(bells)
})

test('a reconnect neither rings again nor forgets a verdict given meanwhile', async () => {
  const { client, chrome, says } = await face({ cols: 120, rows: 40 })
  client.hello(heldRequest())
  await says('▲ 1 held')
  client.say({ type: 'lost', reason: 'ECONNRESET' })
  await says('BROKER LOST')
  client.hello(approvedBy(heldRequest(), 'rita'))
  await says('✓ approved by rita')
  expect(chrome.frame.bells).toBe(2)
})

test('requests of other sessions are not this session’s business', async () => {
  const { client, chrome, says } = await face()
  client.hello(heldRequest({ sessionID: 's-other' }))
  client.say({ type: 'held', held: heldRequest({ id: 'h-other2', sessionID: 's-other' }) })
  await says('41 requests')
  expect(chrome.frame.bells).toBe(0)
})

test('a comment is typed in a field with a cursor, pasted text included, and sent as one line', async () => {
  const { client, chrome, says } = await face()
  client.hello(heldRequest())
  await says('1 held')
  chrome.leader()
  chrome.input(typed('c'), 1000)
  expect(chrome.frame.cursor).toEqual({ row: 11, col: 10 })
  chrome.input(typed('日'), 1000)
  chrome.input(pasted('ticket\n12\u001b[2J'), 1000)
  expect(chrome.frame.cursor).toEqual({ row: 11, col: 10 + '日'.length + 1 + 'ticket 12\\x1b[2J'.length })
  expect((await look(chrome.frame, 80, 24)).text).toContain(' Comment: 日ticket 12\\x1b[2J')
  chrome.input(key('enter'), 1000)
  expect(client.calls).toEqual([{ call: 'comment', args: ['h-abc234', '日ticket 12\u001b[2J'] }])
  expect(chrome.frame.cursor).toBeUndefined()
})

test('withdrawing is one key, and a failure is told in the drawer', async () => {
  const { client, chrome, says, pass } = await face({ cols: 120, rows: 40 })
  client.hello(heldRequest())
  await says('1 held')
  chrome.leader()
  client.answer = () => Promise.reject(new Error('socket hang up\u001b[2J'))
  chrome.input(typed('w'), 100)
  expect(client.called('withdraw')).toBe(0)
  pass(600)
  chrome.input(typed('w'), 1000)
  expect(client.calls).toEqual([{ call: 'withdraw', args: ['h-abc234'] }])
  await says('socket hang up\\x1b[2J')
})

test('the leader opens and focuses, the leader or Esc closes', async () => {
  const { client, chrome, says } = await face()
  client.hello()
  await says('41 requests')
  chrome.leader()
  expect(chrome.frame).toMatchObject({ focused: true })
  chrome.leader()
  expect(chrome.frame).toMatchObject({ focused: false, drawerRows: [] })
  chrome.leader()
  chrome.input(key('escape'), 1000)
  expect(chrome.frame).toMatchObject({ focused: false, drawerRows: [] })
})

test('without colour nothing is coloured and every meaning still has a word or a shape', async () => {
  const { client, chrome, says } = await face({ color: false })
  client.hello(confirmable())
  await says('▲ 1 held')
  chrome.leader()
  client.say({ type: 'lost', reason: 'gone' })
  await says('✗ BROKER LOST')
  for (const row of [...chrome.frame.drawerRows, chrome.frame.statusRow]) expect(row).not.toMatch(/\u001b\[[349]\d/)
})

test('an expired request says so until the broker takes it away', async () => {
  const { client, says, pass } = await face({ cols: 120, rows: 40 })
  client.hello(heldRequest())
  await says('15m left')
  pass(16 * 60_000)
  await says('expired')
})
