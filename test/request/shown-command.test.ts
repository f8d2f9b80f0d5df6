import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shownCommand } from '../../src/request/shown-command.ts'

test.each([
  ['kubectl create secret generic db --from-literal=password=hunter2', '--from-literal=password=***'],
  ['kubectl create secret generic db --from-literal password=hunter2 -n shop', '--from-literal password=*** -n shop'],
  ['helm install x --set-string a --password hunter2', '--password ***'],
  ['kubectl --token=hunter2 get pods', '--token=*** get pods'],
  ['kubectl create secret docker-registry r --docker-password=hunter2', '--docker-password=***'],
])('%s', (command, kept) => {
  const shown = shownCommand(command.split(' ')).join(' ')
  expect(shown).toContain(kept)
  expect(shown).not.toContain('hunter2')
})

test('other words stay as they are', () => {
  const word = fc.string().filter((text) => !text.startsWith('-'))
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(shownCommand(words)).toEqual(words)
    }),
  )
  expect(shownCommand(['kubectl', 'get', 'secrets', '--all-namespaces'])).toHaveLength(4)
})
