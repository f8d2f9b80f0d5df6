import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { InputToken } from '../../../src/model/chrome.ts'
import type { HeldRequest } from '../../../src/model/held.ts'
import { confirmable, heldRequest } from './house.ts'
import { code, face, key, pasted, textOf, typed, type Face } from './shell-face.ts'

async function opened(...held: readonly HeldRequest[]): Promise<Face> {
  const shell = await face({ cols: 120, rows: 40 })
  shell.client.hello(...held)
  await shell.says(`${held.length} held`)
  shell.chrome.leader()
  shell.pass(1000)
  return shell
}

function type({ chrome, pass }: Face, text: string): void {
  for (const character of text) {
    chrome.input(typed(character), 1000)
    pass(1000)
  }
}

test('a confirmation takes y and the two characters shown, and confirms what was shown', async () => {
  const shell = await opened(confirmable())
  type(shell, 'y')
  expect(textOf(shell.chrome)).toContain(`Type  ${code}  to run exactly this`)
  const rows = shell.chrome.frame.drawerRows
  type(shell, code.charAt(0))
  expect(shell.chrome.frame.drawerRows).toEqual(rows)
  type(shell, code.charAt(1))
  expect(shell.client.calls).toEqual([{ call: 'confirm', args: ['h-cnf234', '77aa00bb'.repeat(8)] }])
})

test.each([
  ['without the code', 'y'],
  ['with one character', `y${code.charAt(0)}`],
  ['with y again and again', 'yyyyyy'],
  ['with the characters the wrong way round', `y${[...code].toReversed().join('')}`],
  ['with the code alone', code],
])('nothing is confirmed %s', async (_name, keys) => {
  const shell = await opened(confirmable())
  type(shell, keys)
  expect(shell.client.calls).toEqual([])
})

test('nothing is confirmed within 500 ms of a repaint, whoever measures it', async () => {
  const shell = await opened(confirmable())
  shell.chrome.input(typed('y'), 499)
  expect(textOf(shell.chrome)).not.toContain('Type')
  type(shell, 'y')
  for (const character of code) shell.chrome.input(typed(character), 499)
  expect(shell.client.calls).toEqual([])
  shell.chrome.input(key('escape'), 1000)
  shell.chrome.input(typed('y'), 1000) // the terminal has not painted the last change yet
  expect(textOf(shell.chrome)).not.toContain('Type')
})

test('a request that arrives while the code is typed is not what the code is for', async () => {
  const shell = await opened(confirmable())
  type(shell, `y${code.charAt(0)}`)
  shell.client.say({ type: 'held', held: confirmable({ state: 'withdrawn' }) })
  shell.client.say({ type: 'held', held: confirmable({ id: 'h-new234', digest: '00'.repeat(32) }) })
  await shell.says('h-new234')
  type(shell, code.charAt(1))
  expect(shell.client.calls).toEqual([])
})

test('a request whose content changed under the question is not confirmed', async () => {
  const shell = await opened(confirmable())
  type(shell, 'y')
  shell.client.say({ type: 'held', held: confirmable({ digest: '00'.repeat(32) }) })
  await shell.says('It no longer waits')
  type(shell, code)
  expect(shell.client.calls).toEqual([])
})

test('a paste, or several characters at once, never confirms', async () => {
  const shell = await opened(confirmable())
  shell.chrome.input(pasted(`y${code}`), 1000)
  shell.chrome.input(pasted('y'), 1000)
  shell.chrome.input(typed(`y${code}`), 1000)
  expect(textOf(shell.chrome)).not.toContain('Type')
  type(shell, 'y')
  shell.chrome.input(pasted(code), 1000)
  shell.chrome.input(typed(code), 1000)
  for (const character of code) shell.chrome.input(pasted(character), 1000)
  expect(shell.client.calls).toEqual([])
  expect(textOf(shell.chrome)).toContain('Type')
})

const names = [
  'enter',
  'return',
  'escape',
  'up',
  'down',
  'pageup',
  'pagedown',
  'backspace',
  'tab',
  'space',
  'y',
  'a',
  'f1',
]
const likely = ['y', 'Y', 'a', 'd', 'c', ...code, 'yes', `y${code}`, '\r', ' ']
const bytes = new Uint8Array()
const token: fc.Arbitrary<InputToken> = fc.oneof(
  fc.constantFrom(...likely).map((text) => ({ kind: 'text' as const, text, bytes })),
  fc.string({ maxLength: 3 }).map((text) => ({ kind: 'text' as const, text, bytes })),
  fc.constantFrom(...likely).map((text) => ({ kind: 'paste' as const, text, bytes })),
  fc.record({
    kind: fc.constant('key' as const),
    name: fc.constantFrom(...names),
    ctrl: fc.boolean(),
    alt: fc.boolean(),
    shift: fc.boolean(),
    bytes: fc.constant(bytes),
  }),
  fc
    .constantFrom('mouse' as const, 'focus' as const, 'reply' as const, 'unknown' as const)
    .map((kind) => ({ kind, bytes })),
)
type Input = InputToken | 'leader'
const inputs: fc.Arbitrary<readonly Input[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: token.map((one): readonly Input[] => [one]) },
      { weight: 1, arbitrary: fc.constant<readonly Input[]>(['leader']) },
      // Somebody who knows the keys, and reads the code.
      { weight: 3, arbitrary: fc.constant<readonly Input[]>([...`y${code}`].map(typed)) },
      { weight: 1, arbitrary: fc.constant<readonly Input[]>([key('escape'), 'leader', ...[...`y${code}`].map(typed)]) },
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.flat())

function play({ chrome, pass }: Face, all: readonly Input[]): void {
  for (const input of all) {
    pass(1000)
    if (input === 'leader') chrome.leader()
    else chrome.input(input, 1000)
  }
}

test('whatever is typed, what needs a review is neither confirmed nor reviewed from the shell', async () => {
  const shell = await opened(heldRequest(), heldRequest({ id: 'h-def234' }))
  fc.assert(
    fc.property(inputs, (all) => {
      play(shell, all)
      expect(shell.client.called('confirm')).toBe(0)
      expect(shell.client.called('review')).toBe(0)
    }),
    { numRuns: 25 },
  )
})

test('beside it, only what may be confirmed can be confirmed, and nothing reviewed', async () => {
  const shell = await opened(heldRequest(), confirmable())
  fc.assert(
    fc.property(inputs, (all) => {
      play(shell, [...all, key('escape'), 'leader', key('down'), ...[...`y${code}`].map(typed)])
      const confirmed = shell.client.calls.filter(({ call }) => call === 'confirm').map(({ args }) => args[0])
      expect(confirmed.filter((id) => id !== 'h-cnf234')).toEqual([])
      expect(shell.client.called('review')).toBe(0)
    }),
    { numRuns: 25 },
  )
  expect(shell.client.called('confirm')).toBeGreaterThan(0)
})
