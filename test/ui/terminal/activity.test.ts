import { expect, test } from 'vitest'
import { activitiesOf } from '../../../ui/terminal/activity.ts'
import { look, onlyStyled } from './eye.ts'
import { heldRequest, note, session } from './house.ts'
import { face, key, textOf, typed } from './shell-face.ts'

test('the requests of one run of a client are one command, named by what it is about', () => {
  const claimedCommand = 'kubectl delete'
  const made = activitiesOf([
    note(1.93, { command: 'kubectl get pod web-0 -n shop', claimedCommand }),
    note(1, { command: 'kubectl delete pod web-0 -n shop', claimedCommand, decision: 'hold', durationMs: 900 }),
    note(0.5, { command: 'kubectl get --raw /api', claimedCommand, discovery: true }),
    note(0.4, { command: 'kubectl get pods -n other', claimedCommand: 'kubectl get' }),
  ])
  expect(made.map(({ main, requests, decision }) => [main.command, requests.length, decision])).toEqual([
    ['kubectl delete pod web-0 -n shop', 3, 'hold'],
    ['kubectl get pods -n other', 1, 'allow'],
  ])
  expect(made[0]?.durationMs).toBe(1442)
})

test('runs of one client right after each other, as in a script, are commands of their own', () => {
  const claimedCommand = 'kubectl get'
  const made = activitiesOf([
    note(0.206, { command: 'kubectl get deployments.apps', claimedCommand }),
    note(0.13, { command: 'kubectl get secrets', claimedCommand, durationMs: 16 }),
    note(0.053, { command: 'kubectl get pods', claimedCommand, durationMs: 22 }),
    note(0.036, { command: 'kubectl get --raw /apis', claimedCommand, discovery: true, durationMs: 6 }),
    note(0.021, { command: 'kubectl get --raw /api', claimedCommand, discovery: true, durationMs: 13 }),
  ])
  expect(made.map(({ main, requests }) => [main.command, requests.length])).toEqual([
    ['kubectl get deployments.apps', 1],
    ['kubectl get secrets', 1],
    ['kubectl get pods', 3],
  ])
})

test('an allowed request that the API server refused says so', async () => {
  const { client, chrome, says } = await face()
  client.hello()
  client.say({ type: 'request', note: note(1, { statusCode: 404 }) })
  await says('41 requests')
  chrome.leader()
  await says(/✓ get pods -n shop +allowed, answered 404/)
})

test('what was refused at once is not told as held: nobody can release it', async () => {
  const { client, chrome, says } = await face()
  const reason = { code: 'upgrade-not-supported', message: 'exec does not pass.', rule: 'default/exec' } as const
  client.hello()
  client.say({ type: 'request', note: note(1, { decision: 'hold', reason, statusCode: 501 }) })
  await says('41 requests')
  chrome.leader()
  await says(/✗ get pods -n shop +refused, upgrade not supported/)
})

test('what was approved and ran says so, also when its client left during the answer; what was not sent does not', async () => {
  const { client, chrome, says } = await face()
  const gone = {
    decision: 'hold',
    heldID: 'h-abc234',
    reviewers: ['rita'],
    reason: { code: 'client-gone', message: 'The client went away before its answer was complete.' },
  } as const
  client.hello()
  client.say(
    { type: 'request', note: note(1, { ...gone, command: 'kubectl delete pod ran' }) },
    { type: 'request', note: note(9, { ...gone, command: 'kubectl delete pod stayed', statusCode: 499 }) },
  )
  await says('41 requests')
  chrome.leader()
  await says(/▲ delete pod ran +held, approved by rita, client gone/)
  await says(/▲ delete pod stayed +held, client gone/)
})

test('a read is named by what was read first: kubectl looks for the namespace of what is not there', () => {
  const claimedCommand = 'kubectl get'
  const made = activitiesOf([
    note(0.02, { command: 'kubectl get namespace shop', claimedCommand }),
    note(0, { command: 'kubectl get configmap web -n shop', claimedCommand, statusCode: 404 }),
  ])
  expect(made.map(({ main }) => main.command)).toEqual(['kubectl get configmap web -n shop'])
})

test('what a change reads first is a part of it, however long it thinks', () => {
  const claimedCommand = 'kubectl apply'
  const made = activitiesOf([
    note(2, { command: 'kubectl apply -f FILE', claimedCommand }),
    note(1, { command: 'kubectl get configmap web', claimedCommand }),
  ])
  expect(made.map(({ main, requests }) => [main.command, requests.length])).toEqual([['kubectl apply -f FILE', 2]])
})

test('the same command again, later, is another one', () => {
  const made = activitiesOf([note(10), note(0)])
  expect(made.map(({ key: one }) => one)).toEqual(['audit-10-', 'audit-0-'])
})

async function busy(count: number, size: { cols: number; rows: number } = { cols: 80, rows: 24 }) {
  const shell = await face(size)
  shell.client.say({
    type: 'hello',
    held: [],
    sessions: [session],
    notes: Array.from({ length: count }, (_, index) =>
      note(index * 5, { command: `kubectl get pod web-${index} -n shop`, masked: index % 2 }),
    ),
  })
  shell.chrome.leader()
  await shell.says(/web-|latest first|2\/4/)
  return shell
}

test('thousands of commands are walked with arrows, pages, Home and End; only what is seen is drawn', async () => {
  const { chrome } = await busy(5000)
  expect(textOf(chrome)).toContain('latest first')
  expect(textOf(chrome)).toMatch(/▸[^\n]*web-4999/)
  chrome.input(key('down'), 1000)
  expect(textOf(chrome)).toMatch(/▸[^\n]*web-4998/)
  chrome.input(key('pagedown'), 1000)
  expect(textOf(chrome)).toMatch(/▸[^\n]*web-4989/)
  chrome.input(key('end'), 1000)
  expect(textOf(chrome)).toMatch(/▸[^\n]*web-0 /)
  expect(textOf(chrome)).toContain('5000 of 5000')
  chrome.input(key('home'), 1000)
  expect(textOf(chrome)).toMatch(/▸[^\n]*web-4999/)
  expect(chrome.frame.drawerRows).toHaveLength(12)
})

test('the chosen command stays chosen while newer ones come; the newest is followed', async () => {
  const { client, chrome, says } = await busy(3)
  const fresh = (second: number) => ({
    type: 'request' as const,
    note: note(second, { command: `kubectl get pod new-${second}` }),
  })
  client.say(fresh(100))
  await says(/▸[^\n]*new-100/)
  chrome.input(key('down'), 1000)
  expect(textOf(chrome)).toMatch(/▸[^\n]*web-2/)
  client.say(fresh(200))
  await says('new-200')
  expect(textOf(chrome)).toMatch(/▸[^\n]*web-2/)
})

test('Enter tells all of it in three sentences and each request; Esc goes back, then closes', async () => {
  const { client, chrome, says } = await face({ cols: 100, rows: 50 })
  const claimedCommand = 'kubectl delete'
  client.hello()
  client.say(
    { type: 'request', note: note(0, { command: 'kubectl get --raw /api', claimedCommand, discovery: true }) },
    {
      type: 'request',
      note: note(1, {
        command: 'kubectl delete namespace shop',
        claimedCommand,
        decision: 'hold',
        reason: { code: 'review-approved', message: 'Approved by rita.', rule: 'default/namespaces' },
        rules: ['default/namespaces'],
        reviewers: ['rita'],
        heldID: 'h-abc234',
        durationMs: 65_000,
      }),
    },
  )
  await says('41 requests')
  chrome.leader()
  await says('delete namespace shop')
  chrome.input(key('enter'), 1000)
  const text = textOf(chrome).replaceAll(/\n +/g, ' ')
  for (const words of [
    'olivia asked for `kubectl delete namespace shop` at 2026-11-23 12:00:01 UTC',
    'It was held by the rule default/namespaces',
    'rita approved it, and the API server answered 200.',
    '1m 6s · 2 requests',
    'audit-1-kubectl delete namespace shop  h-abc234',
    '✓ kubectl get --raw /api: allowed, 200, 12 ms (default/reads)',
    '▲ kubectl delete namespace shop: held, approved by rita, 200, 1m 5s (default/namespaces)',
  ]) {
    expect(text).toContain(words)
  }
  chrome.input(key('escape'), 1000)
  expect(textOf(chrome)).toContain('Enter details')
  chrome.input(key('escape'), 1000)
  expect(chrome.frame.focused).toBe(false)
})

test('what the broker repeats after a gap is there once, with what was missed', async () => {
  const { client, chrome, says } = await busy(2)
  client.say({ type: 'lost', reason: 'ECONNRESET' })
  client.say({
    type: 'hello',
    held: [],
    sessions: [session],
    notes: [note(5, { command: 'kubectl get pod web-1 -n shop' }), note(60)],
  })
  await says('get pods -n shop')
  expect(textOf(chrome).match(/web-1/g)).toHaveLength(1)
})

test('the parts are reached by Tab and by number, and one that waits is seen from each', async () => {
  const { client, chrome, says } = await face({ cols: 120, rows: 50 })
  client.hello()
  await says('41 requests')
  chrome.leader()
  expect(textOf(chrome)).toContain('[Activity]')
  expect(textOf(chrome)).toContain('No request has been made yet.')
  chrome.input(key('tab'), 1000)
  expect(textOf(chrome)).toContain('[Session]')
  expect(textOf(chrome)).toContain('olivia (developers), shell session s-abcdefgh')
  chrome.input(typed('?'), 1000)
  expect(textOf(chrome)).toContain('[Help]')
  expect(textOf(chrome)).toContain('Ctrl-] Ctrl-]  pressed quickly: sends Ctrl-] to the program')
  chrome.input(typed('1'), 1000)
  expect(textOf(chrome)).toContain('Nothing is held.')
  chrome.input(typed('3'), 1000)
  client.say({ type: 'held', held: heldRequest() })
  await says('Held 1')
  expect(textOf(chrome)).toContain('[Session]')
})

test.each([
  [20, 5],
  [30, 8],
  [80, 24],
  [400, 120],
])('every part keeps its place at %i×%i', async (cols, rows) => {
  const { client, chrome, says } = await busy(100, { cols, rows })
  client.say({ type: 'request', note: note(9000, { command: `kubectl get pod ${'日本語\u202e'.repeat(900)}` }) })
  client.say({ type: 'held', held: heldRequest({ body: `{"a": "${'長い'.repeat(2000)}"}` }) })
  await says(/Held 1|\[Held/)
  for (const press of [typed('1'), typed('2'), key('enter'), key('end'), typed('3'), typed('4'), key('end')]) {
    chrome.input(press, 1000)
    await look(chrome.frame, cols, rows)
    expect(chrome.frame.drawerRows.length).toBeLessThanOrEqual(Math.max(3, Math.floor(rows / 2)))
    for (const row of chrome.frame.drawerRows) expect(row).toSatisfy(onlyStyled)
  }
})
