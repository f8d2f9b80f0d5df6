import { expect, test } from 'vitest'
import type { HeldRequest } from '../../../src/model/held.ts'
import { initiatorFacts, reviewerFacts } from '../../../ui/terminal/facts.ts'
import { confirmable, heldRequest, noon } from './house.ts'
import { code, face, key, textOf, typed } from './shell-face.ts'

/** Every four characters of it are there once only, so that none can be missing unseen. */
const long = Array.from({ length: 4000 }, (_, index) => `${index.toString(36).padStart(3, '0')}.`).join('')
const body = JSON.stringify({ data: { script: long, after: 'the end' } }, undefined, 2)
const cut = `{\n  "a": "${'x'.repeat(64)} [… 70000 of 80000 characters are not shown …] ${'x'.repeat(64)}"\n}`

test.each([
  [20, 5],
  [40, 12],
  [80, 24],
  [200, 60],
])('at %i×%i a long value is read to its last character, a page at a time', async (cols, rows) => {
  const { client, chrome } = await face({ cols, rows })
  client.hello(confirmable({ body }))
  chrome.leader()
  await new Promise<void>((resolve) => {
    const stop = chrome.subscribe(() => resolve(stop()))
  })
  const seen: string[] = []
  for (;;) {
    const before = chrome.frame.drawerRows
    seen.push(textOf(chrome).split('\n').slice(1).join('\n'))
    chrome.input(key('pagedown'), 1000)
    if (chrome.frame.drawerRows === before) break
  }
  const text = seen.join('\n').replaceAll(/\s+/g, '')
  const missing = long.match(/.{4}/g)?.filter((part) => !text.includes(part.slice(0, 3)))
  expect(missing).toEqual([])
  expect(text).toContain('"after":"theend"')
})

test.each([20, 40, 80, 400])('details of %i cells hold every character of the body, whoever reads them', (cells) => {
  const held = heldRequest({ body })
  const squeezed = (rows: readonly { readonly text: string }[]) => rows.map(({ text }) => text.trim()).join('')
  for (const rows of [initiatorFacts(held, cells, { practice: false, now: noon }), reviewerFacts(held, cells)]) {
    expect(squeezed(rows)).toContain(long)
  }
})

test('what is not shown whole cannot be confirmed, and says why', async () => {
  const { client, chrome, says, pass } = await face({ cols: 120, rows: 40 })
  client.hello(confirmable({ body: cut }))
  await says('1 held')
  chrome.leader()
  expect(textOf(chrome)).toContain('The body is too long to be shown whole')
  expect(textOf(chrome)).not.toContain('y confirm')
  for (const character of `y${code}`) {
    pass(1000)
    chrome.input(typed(character), 1000)
  }
  expect(client.calls).toEqual([])
})

test('the same request shown whole can', async () => {
  const { client, chrome, says, pass } = await face({ cols: 120, rows: 40 })
  const whole: HeldRequest = confirmable({ body })
  client.hello(whole)
  await says('1 held')
  chrome.leader()
  for (const character of `y${code}`) {
    pass(1000)
    chrome.input(typed(character), 1000)
  }
  expect(client.called('confirm')).toBe(1)
})
