import { expect, it } from 'vitest'
import { annotation, type AuditEvent } from '../../../src/model/audit.ts'
import { explainDecision, type Known } from '../../../ui/words/why.ts'
import { confirmable, heldRequest } from '../terminal/house.ts'

type Notes = Partial<Record<keyof typeof annotation, string>>

const rule = { id: 'tea/rule', effect: 'hold', message: 'Look first.', place: '/etc/tea.yaml:3' } as const

function known(notes: Notes, more: Partial<Omit<Known, 'event'>> & { code?: number; open?: boolean } = {}): Known {
  const { code = 403, open = false, ...rest } = more
  const event: AuditEvent = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: '1',
    stage: open ? 'RequestReceived' : 'ResponseComplete',
    requestURI: '/api/v1/pods',
    verb: 'delete',
    user: { username: 'ana' },
    sourceIPs: [],
    userAgent: '',
    ...(open ? {} : { responseStatus: { code } }),
    requestReceivedTimestamp: '2026-11-23T10:00:00.000000Z',
    stageTimestamp: '2026-11-23T10:00:01.000000Z',
    annotations: Object.fromEntries(
      Object.entries(notes).map(([name, value]) => [annotation[name as keyof typeof annotation], value]),
    ),
  }
  return { event, rules: [], policyFiles: [], held: undefined, ...rest }
}

const held: Notes = { decision: 'hold', rules: 'tea/rule', held: 'h-abc234', command: 'kubectl delete pod x' }

it.each([
  [
    'allowed',
    known({ decision: 'allow', rules: 'a/b', outcome: 'completed', masked: '1' }, { code: 200 }),
    /^The API server answered 200, and 1 value in the answer was hidden\.$/,
  ],
  [
    'refused by the cluster',
    known({ decision: 'allow', rules: 'a/b', outcome: 'completed' }, { code: 404 }),
    /^The API server answered 404, which is the word of the cluster/,
  ],
  [
    'confirmed',
    known({ ...held, reason: 'confirmed', outcome: 'completed' }, { code: 200 }),
    /^Its caller confirmed it, and the API server answered 200\.$/,
  ],
  [
    'approved',
    known({ ...held, reason: 'review-approved', reviewer: 'rita', outcome: 'completed' }, { code: 200 }),
    /^rita approved it, and the API server answered 200\.$/,
  ],
  ['expired', known({ ...held, reason: 'approval-expired' }), /^Nobody decided in time; to let it pass, ask again/],
  [
    'parked',
    known({ ...held, reason: 'rule-holds' }, { open: true, held: heldRequest() }),
    /^It waits as h-abc234 until .* needs a review by group platform-leads, given by `chaperone review`/,
  ],
  [
    'parked for its caller',
    known({ ...held, reason: 'rule-holds' }, { open: true, held: confirmable() }),
    /confirm it in the drawer of `chaperone shell`, or with `chaperone held confirm h-[a-z0-9]+`\.$/,
  ],
  [
    'parked when the broker ended',
    known({ ...held, reason: 'rule-holds' }, { open: true }),
    /^It has not ended yet, or the broker ended before it did\.$/,
  ],
  [
    'given up, broker gone',
    known({ ...held, reason: 'still-held' }),
    /^To let it pass, have h-abc234 approved and run the same command again\.$/,
  ],
  [
    'given up, then denied',
    known(
      { ...held, reason: 'still-held' },
      { held: heldRequest({ state: 'denied', outcome: 'rob denied it: not on a Friday' }) },
    ),
    /^rob denied it: not on a Friday\. To let it pass, talk to the reviewer and ask again\.$/,
  ],
  [
    'asked by nobody who is known',
    known({ decision: 'deny', reason: 'not-authenticated', message: 'The token is too old.', outcome: 'refused' }),
    /^Nothing was sent to the cluster; to let it pass, sign in or open a session, and ask again\.$/,
  ],
  [
    'given up, then expired',
    known({ ...held, reason: 'still-held' }, { held: heldRequest({ state: 'expired' }) }),
    /^h-abc234 is expired by now; to let it pass, ask again\.$/,
  ],
  [
    'client left before it ran',
    known({ ...held, reason: 'client-gone', outcome: 'cancelled' }, { code: 499 }),
    /^It did not run:/,
  ],
  [
    'client left in the answer',
    known({ decision: 'allow', rules: 'a/b', reason: 'client-gone', outcome: 'cancelled' }, { code: 200 }),
    /^The API server answered 200, but the client left/,
  ],
  [
    'masked value in a write',
    known({ decision: 'allow', rules: 'a/b', reason: 'mask-token-in-write', message: 'data.key is masked' }),
    /^It did not run: data\.key is masked\. To let it pass, leave that field out/,
  ],
  ['no rule', known({ decision: 'deny', reason: 'no-rule-matches' }), /^To let it pass, add a rule/],
  [
    'two rules deny',
    known({ decision: 'deny', reason: 'rule-denies', rules: 'a/b,a/c' }),
    /^To let it pass, these rules have to change/,
  ],
  [
    'malformed',
    known({ decision: 'deny', reason: 'malformed-request', message: 'Two names', outcome: 'refused' }),
    /^It ended as refused: Two names\.$/,
  ],
])('how it ended: %s', (_what, input, words) => {
  const sentences = explainDecision(input).split('\n')
  expect(sentences).toHaveLength(3)
  expect(sentences[2]).toMatch(words)
})

it('names the rule with its place, or the bare name where the policy is not known any more', () => {
  const decided = (input: Known) => explainDecision(input).split('\n')[1]
  expect(decided(known(held, { rules: [rule] }))).toBe(
    'It was held by the rule tea/rule (/etc/tea.yaml:3): Look first.',
  )
  expect(decided(known({ ...held, message: 'Look.' }))).toBe('It was held by the rule tea/rule: Look.')
  const allowing = { ...rule, id: 'tea/other', effect: 'allow' as const }
  expect(decided(known({ ...held, rules: 'tea/rule,tea/other' }, { rules: [rule, allowing] }))).not.toContain(
    'tea/other',
  )
  const overHidden = 'It was held although the rule tea/rule allows it, because it writes over a value that is hidden.'
  expect(decided(known(held, { rules: [{ ...rule, effect: 'allow' }] }))).toBe(overHidden)
  const parked = { ...heldRequest(), reasons: [{ code: 'hidden-write', message: 'Look.' } as const] }
  expect(decided(known(held, { held: parked }))).toBe(overHidden)
  expect(decided(known({ decision: 'deny', message: 'Two names.' }))).toBe(
    'It was refused before the policy was asked: Two names.',
  )
})

it('what a client says of itself cannot act on the terminal', () => {
  const said = explainDecision(known({ ...held, claimedCommand: 'kubectl \x1b[2J\u202e', message: 'a\nb' }))
  expect(said).not.toMatch(/[\x1b\u202e]/)
  expect(said.split('\n').length).toBe(3)
})
