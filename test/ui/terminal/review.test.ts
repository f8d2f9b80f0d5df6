import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { HeldRequest } from '../../../src/model/held.ts'
import { runReview } from '../../../ui/terminal/review.tsx'
import { Eye } from './eye.ts'
import { approvedBy, at, confirmable, deniedBy, FakeClient, heldRequest, noon, reviewerInfo, subject } from './house.ts'

const esc = '\u001b'

/** A terminal for the review screen: a screen that the eye sees, and a keyboard. */
class Terminal extends EventEmitter {
  readonly isTTY = true
  readonly writable = true
  readonly columns: number
  readonly rows: number
  readonly eye: Eye
  readonly keyboard = Object.assign(new PassThrough(), {
    isTTY: true,
    raw: false,
    setRawMode(on: boolean) {
      this.raw = on
      return this
    },
    ref: () => {},
    unref: () => {},
  })
  bells = 0

  constructor(cols: number, rows: number) {
    super()
    this.columns = cols
    this.rows = rows
    this.eye = new Eye(cols, rows)
  }

  write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const text = String(chunk)
    if (text === '\u0007') this.bells += 1
    void this.eye.write(text).then(() => this.emit('seen'))
    const done = rest.at(-1)
    if (typeof done === 'function') done()
    return true
  }

  async shows(words: string | RegExp): Promise<void> {
    const seen = () => (typeof words === 'string' ? this.eye.text.includes(words) : words.test(this.eye.text))
    while (!seen()) await new Promise((resolve) => this.once('seen', resolve))
  }
}

interface Desk {
  readonly client: FakeClient
  readonly terminal: Terminal
  readonly exit: Promise<number>
  readonly pass: (ms: number) => void
  /** Types one thing at a time; each waits until the screen has taken it when `shows` is given. */
  readonly type: (keys: string) => Promise<void>
}

const code = 'hs'

async function desk(
  held: readonly HeldRequest[],
  options: { readonly cols?: number; readonly rows?: number; readonly color?: boolean; readonly once?: boolean } = {},
): Promise<Desk> {
  let now = noon + 60_000
  const client = new FakeClient(reviewerInfo)
  client.hello(...held)
  const terminal = new Terminal(options.cols ?? 80, options.rows ?? 24)
  const exit = runReview({
    client,
    stdin: terminal.keyboard as unknown as NodeJS.ReadStream,
    stdout: terminal as unknown as NodeJS.WriteStream,
    now: () => now,
    random: (bytes) => new Uint8Array(bytes).fill(7),
    color: options.color ?? true,
    ...(options.once === undefined ? {} : { once: options.once }),
  })
  const pass = (ms: number) => {
    now += ms
  }
  onTestFinished(async () => {
    terminal.keyboard.write('\u0003')
    await exit
  })
  const waiting = held.filter((one) => one.state === 'pending').length
  await terminal.shows(waiting === 0 ? 'nothing waits' : `${waiting} waiting`)
  pass(1000)
  return {
    client,
    terminal,
    exit,
    pass,
    type: async (keys) => {
      for (const character of keys) {
        terminal.keyboard.write(character)
        await taken(terminal)
        pass(1000)
      }
    },
  }
}

/** Ink reads on 'readable' and handles a key at once: after two turns of the loop it is done. */
async function taken(terminal: Terminal): Promise<void> {
  while (terminal.keyboard.readableLength > 0) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}

test('an empty desk says that nothing waits, and rings when something does', async () => {
  const { client, terminal } = await desk([])
  await terminal.shows('Nothing waits. Chaperone rings when something does.')
  expect(terminal.eye.alternate).toBe(true)
  expect(terminal.bells).toBe(0)
  client.say({ type: 'held', held: heldRequest() })
  await terminal.shows('1 waiting')
  expect(terminal.bells).toBe(1)
})

test('a reviewer sees who asks and exactly what would be sent', async () => {
  const held = heldRequest({
    claimedCommand: 'kubectl delete ns shop-staging',
    comment: 'ticket 12',
    subject: { ...subject('bot-7', ['agents']), onBehalfOf: 'olivia' },
  })
  const { terminal } = await desk([held])
  await terminal.shows('a approve')
  const text = terminal.eye.text
  expect(text).toMatch(/▸ 1m ago {3}bot-7 +delete namespace shop-staging +14m left/)
  for (const line of [
    ' runs    kubectl delete namespace shop-staging',
    ' claims  kubectl delete ns shop-staging  (said by the client, not checked)',
    ' asks    bot-7, for olivia (in agents), session s-abcdefgh',
    ' comment ticket 12',
    ' needs   a review by group platform-leads',
    ' sends   DELETE /api/v1/namespaces/shop-staging',
    ` sha256  ${'3f2a91c0'.repeat(8)}`,
    '           "propagationPolicy": "Background"',
    ' a approve   d deny   q quit',
  ]) {
    expect(text).toContain(line)
  }
})

test('approving takes a and the two characters shown, and binds to the digest', async () => {
  const { client, terminal, type } = await desk([heldRequest()])
  client.answer = () => Promise.resolve(approvedBy(heldRequest(), 'rita'))
  await type('a')
  await terminal.shows(`Type  ${code}  to approve exactly this`)
  await type(code)
  await terminal.shows('h-abc234 approved by rita')
  expect(client.calls).toEqual([
    { call: 'review', args: ['h-abc234', { verdict: 'approve', digest: '3f2a91c0'.repeat(8), comment: '' }] },
  ])
  client.say({ type: 'held', held: { ...approvedBy(heldRequest(), 'rita'), state: 'completed', outcome: '200 OK' } })
  await terminal.shows('approved by rita: delete namespace shop-staging (done)')
  await terminal.shows('h-abc234 done: 200 OK')
})

test('denying takes d, a reason and Enter', async () => {
  const { client, terminal, type } = await desk([heldRequest()])
  client.answer = () => Promise.resolve(deniedBy(heldRequest(), 'rita', 'not on a Friday'))
  await type('d\r')
  await terminal.shows('Say why')
  expect(client.calls).toEqual([])
  await type('not on a fx\u007friday: q\r')
  await terminal.shows('h-abc234 denied by rita')
  expect(client.calls).toMatchObject([
    { call: 'review', args: ['h-abc234', { verdict: 'deny', comment: 'not on a friday: q' }] },
  ])
})

test.each([
  ['the wrong characters', 'aqq'],
  ['a alone, again and again', 'aaaaaa'],
  ['the code alone', code],
])('%s approve nothing', async (_name, keys) => {
  const { client, type } = await desk([heldRequest()])
  await type(keys)
  expect(client.calls).toEqual([])
})

test('a paste gives no verdict, bracketed or not', async () => {
  const { client, terminal, type, pass } = await desk([heldRequest()])
  for (const paste of [`${esc}[200~a${code}${esc}[201~`, `a${code}`, `${esc}[200~a${esc}[201~`]) {
    terminal.keyboard.write(paste)
    await taken(terminal)
    pass(1000)
  }
  expect(terminal.eye.text).not.toContain('to approve exactly this')
  await type('a')
  await terminal.shows('to approve exactly this')
  for (const paste of [`${esc}[200~${code}${esc}[201~`, code]) {
    terminal.keyboard.write(paste)
    await taken(terminal)
    pass(1000)
  }
  expect(client.calls).toEqual([])
})

test('a verdict key within 500 ms of a change of what is shown does nothing', async () => {
  const { client, terminal, type, pass } = await desk([heldRequest()])
  client.say({ type: 'held', held: heldRequest({ comment: 'one more thing' }) })
  await terminal.shows('one more thing')
  pass(499)
  await type('a')
  expect(terminal.eye.text).not.toContain('to approve exactly this')
  terminal.keyboard.write('a')
  await terminal.shows('to approve exactly this')
  terminal.keyboard.write(code.charAt(0))
  await taken(terminal)
  terminal.keyboard.write(code.charAt(1))
  await taken(terminal)
  expect(client.calls).toEqual([])
})

test('a request that goes away under the question takes the question with it', async () => {
  const { client, terminal, type } = await desk([heldRequest(), heldRequest({ id: 'h-def234', createdAt: at(0.5) })])
  await type('a')
  await terminal.shows('to approve exactly this')
  client.say({ type: 'held', held: heldRequest({ state: 'withdrawn' }) })
  await terminal.shows('no longer waits')
  await type(code)
  expect(client.calls).toEqual([])
})

test.each([
  ['one’s own request', heldRequest({ subject: subject('rita') }), 'This is your own request'],
  [
    'a request of one’s own agent',
    heldRequest({ subject: { ...subject('bot'), onBehalfOf: 'rita' } }),
    'your own request',
  ],
  ['a confirmation', confirmable(), "needs   olivia's own confirmation"],
  [
    'a request one has judged',
    { ...approvedBy(heldRequest(), 'rita'), state: 'pending' as const },
    'You have given your verdict',
  ],
])('%s offers no verdict', async (_name, held, words) => {
  const { client, terminal, type } = await desk([held])
  await terminal.shows(words)
  await type(`a${code}dno\r`)
  expect(client.calls).toEqual([])
})

test('what is not shown whole can be denied, and not approved', async () => {
  const body = `{"a": "x [… 70000 of 80000 characters are not shown …] x"}`
  const { client, terminal, type } = await desk([heldRequest({ body })])
  await terminal.shows('The body is too long to be shown whole')
  expect(terminal.eye.lines.at(-1)).not.toContain('a approve')
  await type(`a${code}`)
  expect(client.calls).toEqual([])
  client.answer = () => Promise.resolve(deniedBy(heldRequest({ body }), 'rita', 'too long'))
  await type('dtoo long\r')
  expect(client.calls).toMatchObject([{ call: 'review', args: ['h-abc234', { verdict: 'deny', comment: 'too long' }] }])
})

test('a long body is read with PgDn, Home and End', async () => {
  const body = Array.from({ length: 300 }, (_, line) => `line ${line}.`).join('\n')
  const { terminal, type } = await desk([heldRequest({ body })])
  await terminal.shows('line 0.')
  terminal.keyboard.write(`${esc}[F`)
  await terminal.shows('line 299.')
  terminal.keyboard.write(`${esc}[H`)
  await terminal.shows('line 0.')
  for (let last = 0; last < 299;) {
    last = Math.max(...Array.from(terminal.eye.text.matchAll(/line (\d+)\./g), ([, line]) => Number(line)))
    if (last === 299) break
    await type(' ')
    await terminal.shows(`line ${last + 1}.`)
  }
})

test('hundreds are walked through by tens, and the screen says where one is', async () => {
  const many = Array.from({ length: 300 }, (_, index) =>
    heldRequest({ id: `h-${index}`, createdAt: at(-index) }),
  ).toReversed()
  const { terminal } = await desk(many, { cols: 120, rows: 40 })
  await terminal.shows('1 of 300')
  terminal.keyboard.write('>')
  await terminal.shows('11 of 300')
  terminal.keyboard.write('<')
  await terminal.shows(/ 1 of 300/)
})

test('a refused verdict is told', async () => {
  const { client, terminal, type } = await desk([heldRequest()])
  client.answer = () => Promise.reject(new Error('You are not named as a reviewer.'))
  await type(`a${code}`)
  await terminal.shows('You are not named as a reviewer.')
})

test('several are chosen with the arrows, oldest first', async () => {
  const late = heldRequest({ id: 'h-late23', command: 'kubectl apply -f role.yaml', createdAt: at(0.5) })
  const { terminal, pass } = await desk([late, heldRequest()], { cols: 120, rows: 40 })
  await terminal.shows(/▸ 1m ago[^\n]*delete namespace[^\n]*\n[^▸\n]*30s ago[^\n]*apply/)
  terminal.keyboard.write(`${esc}[B`)
  await terminal.shows('── h-late23 ')
  pass(1000)
})

test('a lost broker is said, and what was known stays', async () => {
  const { client, terminal, type } = await desk([heldRequest()])
  client.say({ type: 'lost', reason: 'ECONNREFUSED' })
  await terminal.shows('✗ BROKER LOST')
  expect(terminal.eye.text).toContain('── h-abc234')
  expect(terminal.eye.lines.at(-1)).toContain('The broker does not answer: no verdict can be given now.')
  await type(`a${code}`)
  expect(client.calls).toEqual([])
  client.hello(heldRequest())
  await terminal.shows('1 waiting')
  expect(terminal.bells).toBe(1)
})

test('a reviewer who is not let in any more is told so, and sees nothing any more', async () => {
  const { client, terminal, type } = await desk([heldRequest()])
  client.say({ type: 'refused', reason: 'The control API does not know this token.' })
  await terminal.shows('✗ SIGNED OUT')
  expect(terminal.eye.text).not.toContain('h-abc234')
  expect(terminal.eye.text.replace(/\s+/g, ' ')).toMatch(
    /does not let you in since \d\d:01 \(The control API does not know this token/,
  )
  await type(`a${code}`)
  expect(client.calls).toEqual([])
  client.hello(heldRequest())
  await terminal.shows('1 waiting')
})

test('a stream that begins anew, as with each refreshed sign-in, changes nothing on the screen and rings no bell', async () => {
  const { client, terminal, type } = await desk([heldRequest()])
  client.answer = () => Promise.resolve(approvedBy(heldRequest(), 'rita'))
  await type('a')
  await terminal.shows('to approve exactly this')
  client.hello(heldRequest())
  await type(code)
  await terminal.shows('h-abc234 approved by rita')
  expect(client.calls).toHaveLength(1)
  expect(terminal.bells).toBe(1)
})

test.each([
  [{ type: 'lost', reason: 'ECONNREFUSED' } as const, /does not answer since \d\d:01 \(ECONNREFUSED\)/],
  [
    { type: 'goodbye', reason: 'the broker stops' } as const,
    /The broker ended at \d\d:01 \(the broker stops\)\. Press q/,
  ],
])('an empty desk without a broker says so: %j', async (event, words) => {
  const { client, terminal } = await desk([])
  client.say(event)
  await terminal.shows(words)
})

test.each(['q', '\u0003'])('%j quits and gives the terminal back', async (quit) => {
  const { terminal, exit } = await desk([heldRequest()])
  terminal.keyboard.write(quit)
  expect(await exit).toBe(0)
  await terminal.eye.write('')
  expect(terminal.eye.alternate).toBe(false)
  expect(terminal.keyboard.raw).toBe(false)
})

test('with `once` the screen closes after the first verdict', async () => {
  const { client, exit, type } = await desk([heldRequest()], { once: true })
  client.answer = () => Promise.resolve(approvedBy(heldRequest(), 'rita'))
  await type(`a${code}`)
  expect(await exit).toBe(0)
})

test.each([
  [40, 12],
  [80, 24],
  [120, 40],
])('hostile and long strings stay in their place at %i×%i', async (cols, rows) => {
  const hostile = heldRequest({
    command: `kubectl delete pod ${esc}[H${esc}]0;x\u0007\u202e${'日本語'.repeat(60)}`,
    subject: subject(`olivia${esc}[2J`, ['a\nb']),
    body: `{"a":"${esc}[1;1Happroved ${'x'.repeat(500)}"}`,
  })
  const { terminal } = await desk([hostile, { ...hostile, id: 'h-two234' }], { cols, rows })
  await terminal.shows(cols < 56 ? 'a approve' : 'olivia\\x1b[2J')
  expect(terminal.eye.lines[0]).toMatch(/^ chaperone .*▲ 2 waiting/)
  expect(terminal.eye.lines.at(-1)).toContain('a approve')
})
