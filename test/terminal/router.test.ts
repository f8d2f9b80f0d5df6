import { describe, expect, test } from 'vitest'
import type { ChromeFrame, InputToken } from '../../src/model/chrome.ts'
import { InputTokenizer } from '../../src/terminal/input.ts'
import { parseLeader } from '../../src/terminal/leader.ts'
import { Router } from '../../src/terminal/router.ts'

/** A router whose leader opens and closes a drawer, and a log of who got what. */
function open({ bracketedPaste = false } = {}) {
  const log: string[] = []
  let now = 0
  let frame: ChromeFrame = { statusRow: '', drawerRows: [], focused: false, bells: 0 }
  const router = new Router({
    now: () => now,
    chrome: {
      get frame() {
        return frame
      },
      leader: () => {
        frame = { ...frame, focused: !frame.focused }
        log.push(frame.focused ? 'open' : 'close')
      },
      input: (token: InputToken, ms: number) => void log.push(`drawer ${token.kind} ${ms}`),
    },
    write: (bytes) => void log.push(JSON.stringify(Buffer.from(bytes).toString('latin1'))),
    suspend: () => void log.push('suspend'),
    reply: (bytes) => void log.push(`reply ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`),
    detach: () => void log.push('detach'),
    leader: parseLeader('ctrl-]'),
    shown: () => ({ drawerTop: 10, bracketedPaste, sinceRepaintMs: 7 }),
  })
  const type = (input: string) => {
    const tokenizer = new InputTokenizer()
    for (const token of [...tokenizer.push(Buffer.from(input)), ...tokenizer.flush()]) router.route(token)
    return log
  }
  const wait = (milliseconds: number) => (now += milliseconds)
  return { type, wait }
}

const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ['keys and text go to the program', 'a\x1b[A\r', ['"a"', String.raw`"\u001b[A"`, String.raw`"\r"`]],
  [
    'the drawer gets what is typed while it is open',
    '\x1dab\r\x1dc',
    ['open', 'drawer text 7', 'drawer key 7', 'close', '"c"'],
  ],
  ['the leader twice is one leader for the program', '\x1d\x1dx', ['open', 'close', String.raw`"\u001d"`, '"x"']],
  ['three times is twice and once', '\x1d\x1d\x1d', ['open', 'close', String.raw`"\u001d"`, 'open']],
  ['a leader after something else only closes', '\x1da\x1d', ['open', 'drawer text 7', 'close']],
  ['leader z suspends', '\x1dz', ['open', 'close', 'suspend']],
  ['leader d detaches', '\x1dd', ['open', 'close', 'detach']],
  ['a pasted z does not', '\x1d\x1b[200~z\x1b[201~', ['open', 'drawer paste 7']],
  [
    "a terminal's replies reach no program, and not the drawer",
    '\x1b[?62c\x1d\x1b]11;rgb:0/0/0\x07',
    [String.raw`reply "\u001b[?62c"`, 'open', String.raw`reply "\u001b]11;rgb:0/0/0\u0007"`],
  ],
  ['the mouse above the drawer is for the program', '\x1b[<0;1;10M', [String.raw`"\u001b[<0;1;10M"`]],
  ['the mouse on our rows is not', '\x1b[<0;1;11M\x1b[M +\x2b\x1b[0;1;20M', []],
  ['paste marks are taken off for a program that did not ask', '\x1b[200~a\x1d\x1b[201~', [String.raw`"a\u001d"`]],
]

describe('what the user does', () => {
  test.each(cases)('%s', (_name, input, expected) => {
    expect(open().type(input)).toEqual(expected)
  })

  test('a leader that only closes what was read a while is not for the program', () => {
    const { type, wait } = open()
    type('\x1d')
    wait(5_000)
    expect(type('\x1dx')).toEqual(['open', 'close', '"x"'])
  })

  test('paste marks stay for a program that asked', () => {
    expect(open({ bracketedPaste: true }).type('\x1b[200~a\x1b[201~')).toEqual([String.raw`"\u001b[200~a\u001b[201~"`])
  })
})
