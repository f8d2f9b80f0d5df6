import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeLength, verdictCode } from '../../../ui/words/code.ts'
import { age, duration, timeLeft } from '../../../ui/words/durations.ts'
import { requestLine, shortCommand, whoMay } from '../../../ui/words/held.ts'
import { heldNotice, historyWords, sessionSummary, verdictNotice } from '../../../ui/words/notices.ts'
import { approvedBy, at, confirmable, deniedBy, heldRequest, noon } from '../terminal/house.ts'

test.each([
  [0, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [872_000, '14m 32s'],
  [3_900_000, '1h 5m'],
  [183_600_000, '2d 3h'],
  [-5, '0s'],
])('%i ms is %s', (ms, words) => {
  expect(duration(ms)).toBe(words)
})

test('time left ends at expiry, and ages are coarse', () => {
  expect(timeLeft(at(15), noon + 28_000)).toBe('14m 32s left')
  expect(timeLeft(at(0), noon)).toBe('expired')
  expect(age(at(-3), noon)).toBe('3m ago')
  expect(age(at(1), noon)).toBe('just now')
})

test('a verdict code is two different characters that cannot be misread', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: codeLength, maxLength: codeLength }), (bytes) => {
      const code = verdictCode(() => bytes)
      expect(code).toMatch(/^[a-hjkmnp-z2-9]{2}$/)
      expect(code[0]).not.toBe(code[1])
    }),
  )
})

test('a request is named as Kubernetes names it', () => {
  const { request } = heldRequest()
  expect(requestLine(request)).toBe('delete namespaces shop-staging')
  const exec = { resource: 'pods', subresource: 'exec', verb: 'create', name: 'web-0', namespace: 'shop' }
  expect(requestLine({ ...request, ...exec })).toBe('create pods/exec web-0 in namespace shop')
  expect(requestLine({ kind: 'non-resource', verb: 'get', path: '/metrics', effects: ['read'] })).toBe('get /metrics')
})

test('who may release it', () => {
  const reviewers = [{ group: 'sre' }, { user: 'rita' }]
  expect(whoMay({ kind: 'review', reviewers, count: 2, expiresAfterMs: 1 })).toBe('2 reviews by group sre or rita')
  expect(whoMay({ kind: 'confirm', expiresAfterMs: 1 })).toBe('your confirmation')
})

test('notices for a plain terminal', () => {
  expect(heldNotice(heldRequest())).toMatch(
    /^held h-abc234: kubectl delete namespace shop-staging — needs a review by group platform-leads; waiting until \d\d:15 \(Ctrl-C withdraws\)$/,
  )
  expect(heldNotice(heldRequest({ waiting: false }))).toMatch(/; open for review until \d\d:15$/)
  expect(heldNotice(confirmable())).toContain('needs your confirmation')
  expect(verdictNotice(approvedBy(heldRequest(), 'rita'))).toBe(
    'h-abc234 approved by rita: delete namespace shop-staging',
  )
  expect(verdictNotice(deniedBy(heldRequest(), 'rita', 'not on a Friday'))).toBe(
    'h-abc234 denied by rita: not on a Friday',
  )
})

test('a notice cannot carry what acts on the terminal', () => {
  const hostile = heldRequest({ command: 'kubectl delete pod \u001b[2J\u202ex' })
  expect(heldNotice(hostile)).toContain('kubectl delete pod \\x1b[2J\\u202ex')
  expect(shortCommand(hostile)).toBe('delete pod \\x1b[2J\\u202ex')
  expect(historyWords(deniedBy(hostile, 'rita\u0007', 'no\u001b'))).toBe(
    'denied by rita\\x07: delete pod \\x1b[2J\\u202ex; no\\x1b',
  )
})

test('a session ends with what it was', () => {
  expect(sessionSummary({ requests: 3, held: 1, denied: 0, masked: 2 })).toBe(
    '3 requests, 1 held, 2 values masked; chaperone replay latest',
  )
  expect(sessionSummary({ requests: 1, held: 0, denied: 0, masked: 1 })).toBe(
    '1 request, 1 value masked; chaperone replay latest',
  )
})
