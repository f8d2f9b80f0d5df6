import fc from 'fast-check'
import { renderToString } from 'ink'
import { createElement } from 'react'
import { expect, test } from 'vitest'
import type { HeldRequest } from '../../../src/model/held.ts'
import type { RequestNote } from '../../../src/control/contract.ts'
import { emptyPicture, fold, type Picture } from '../../../ui/terminal/picture.ts'
import { ReviewScreen } from '../../../ui/terminal/review-screen.tsx'
import { width } from '../../../ui/words/width.ts'
import { onlyStyled } from './eye.ts'
import { confirmable, heldRequest, note, noon, reviewerInfo, session, subject } from './house.ts'
import { face, key, typed } from './shell-face.ts'

const parts = [
  'pod',
  'kube-system',
  ' ',
  '\u001b[2J',
  '\u001b]0;x\u0007',
  '\r\n',
  '\t',
  '\u0000',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u200d',
  '日本語',
  'ﾊﾝｶｸ',
  '👩‍👩‍👧',
  '🇩🇪',
  '👍🏽',
  'e\u0301',
  '\u0301\u0302\u0303\u0304\u0305',
  'ﷺ',
  'נַחַל',
  'ไทย',
  '\ud800',
  '\u2028',
  '\u3164',
  '─',
]
const name = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 30 })
    .map((all) => all.join('')),
  fc.constantFrom(...parts).map((part) => part.repeat(Math.ceil(10_000 / part.length))),
)
const held: fc.Arbitrary<HeldRequest> = fc
  .record({
    command: name,
    claimedCommand: name,
    target: name,
    body: name,
    comment: name,
    who: name,
    rule: name,
    confirm: fc.boolean(),
  })
  .map(({ who, rule, confirm, ...texts }) => {
    const change = {
      ...texts,
      subject: subject(who, [who]),
      reasons: [{ code: 'rule-holds' as const, rule, message: who }],
    }
    return confirm ? confirmable(change) : heldRequest(change)
  })
const notes: fc.Arbitrary<readonly RequestNote[]> = fc
  .array(
    fc.record({
      command: name,
      rule: name,
      decision: fc.constantFrom('allow', 'hold', 'deny'),
      masked: fc.nat(),
      second: fc.nat(1000),
    }),
    { maxLength: 8 },
  )
  .map((all) =>
    all.map(({ rule, second, ...rest }, index) =>
      note(second, {
        ...rest,
        auditID: `a${index}`,
        rules: [rule],
        reviewers: [rule],
        reason: { code: 'rule-denies', rule, message: rule },
      }),
    ),
  )
const size = fc.record({
  cols: fc.oneof(fc.integer({ min: 20, max: 130 }), fc.constant(400)),
  rows: fc.oneof(fc.integer({ min: 5, max: 50 }), fc.constant(120)),
})
const keys = [
  typed('1'),
  key('end'),
  typed('c'),
  typed('日'),
  key('escape'),
  typed('2'),
  key('enter'),
  key('end'),
  typed('3'),
  typed('4'),
]

function fits(row: string, cols: number): boolean {
  return onlyStyled(row) && width(row.replace(/\u001b\[[0-9;]*m/g, '')) <= cols
}

test('whatever requests are called, the drawer and the status line stay in their box', async () => {
  await fc.assert(
    fc.asyncProperty(
      size,
      fc.array(held, { maxLength: 3 }),
      notes,
      name,
      async ({ cols, rows }, all, some, trouble) => {
        const { client, chrome } = await face({ cols, rows })
        const told = new Promise<void>((resolve) => {
          const stop = chrome.subscribe(() => {
            stop()
            resolve()
          })
        })
        chrome.leader()
        client.say({
          type: 'hello',
          held: all.map((one, index) => ({ ...one, id: `h-${index}` })),
          sessions: [session],
          notes: some,
        })
        await told
        const check = () => {
          const { statusRow, drawerRows } = chrome.frame
          expect([statusRow, ...drawerRows].filter((row) => !fits(row, cols))).toEqual([])
          expect(drawerRows.length).toBeLessThanOrEqual(Math.max(3, Math.floor(rows / 2)))
        }
        for (const press of keys) {
          chrome.input(press, 1000)
          check()
        }
        client.say({ type: 'lost', reason: trouble })
        chrome.input(typed('3'), 1000)
        check()
        await chrome[Symbol.asyncDispose]()
      },
    ),
    { numRuns: 40 },
  )
})

test('whatever requests are called, the review screen stays in its box', () => {
  fc.assert(
    fc.property(size, fc.array(held, { maxLength: 4 }), name, fc.boolean(), ({ cols, rows }, all, words, decided) => {
      const { picture } = fold(
        emptyPicture({ requests: 0, held: 0, denied: 0, masked: 0 }),
        {
          type: 'hello',
          sessions: [],
          held: all.map((one, index) => ({
            ...one,
            id: `h-${index}`,
            state: decided && index > 0 ? 'denied' : 'pending',
          })),
        },
        noon,
      )
      const pictures: readonly Picture[] = [picture, { ...picture, link: 'lost', trouble: words }]
      for (const shown of pictures) {
        const state = { picture: shown, selected: '', scroll: 3, dialog: { kind: 'browse' as const }, remark: '' }
        const screen = renderToString(
          createElement(ReviewScreen, { cols, rows, info: reviewerInfo, state, now: noon }),
          { columns: cols },
        )
        expect(screen.split('\n').filter((row) => !fits(row, cols))).toEqual([])
        expect(screen.split('\n').length).toBeLessThanOrEqual(rows)
      }
    }),
    { numRuns: 40 },
  )
})
