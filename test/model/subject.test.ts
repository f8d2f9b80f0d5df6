import { expect, it } from 'vitest'
import { samePerson, type Subject } from '../../src/model/subject.ts'

const subject = (over: Partial<Subject>): Subject => ({
  name: 'ana',
  uid: '',
  groups: [],
  extra: {},
  authenticatedBy: 'jwt',
  ...over,
})

it.each<[string, Partial<Subject>, Partial<Subject>, boolean]>([
  ['signed in and with a reviewer token', {}, { authenticatedBy: 'reviewer-token', uid: 'reviewer:ana' }, true],
  ['signed in and as user of the system', { uid: '1f' }, { authenticatedBy: 'local', uid: 'local:1000' }, true],
  ['in another case', { name: 'Ana@Example.com' }, { name: 'ana@example.com' }, true],
  ['in letters of another width', { name: 'ａｎａ' }, {}, true],
  ['a person and their agent', { name: 'agent', onBehalfOf: 'Ana' }, {}, true],
  ['two agents of one person', { name: 'a', onBehalfOf: 'ana' }, { name: 'b', onBehalfOf: 'ana' }, true],
  ['renamed at the provider', { uid: '1f' }, { uid: '1f', name: 'ana.new' }, true],
  ['without a uid', { name: 'bob' }, {}, false],
  ['with another uid', { name: 'bob', uid: '2f' }, { uid: '1f' }, false],
  ['whose uids are of different kinds', { name: 'bob', uid: '1', authenticatedBy: 'local' }, { uid: '1' }, false],
  ['two people', { name: 'bob' }, { onBehalfOf: 'eve' }, false],
])('%s: one person or two', (_what, one, other, isSame) => {
  expect(samePerson(subject(one), subject(other))).toBe(isSame)
  expect(samePerson(subject(other), subject(one))).toBe(isSame)
})
