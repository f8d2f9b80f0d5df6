import { expect, it } from 'vitest'
import { brokerOfFile } from './broker.ts'

const broker = brokerOfFile()

it.each([
  ['what is allowed is for the cluster to say', ['get', 'pods'], 0, /^yes/],
  ['what depends on the object is too', ['create', 'pods'], 0, /^yes/],
  [
    'what is held needs approval',
    ['delete', 'namespaces/shop-staging'],
    1,
    /no - needs approval: Deleting a namespace/,
  ],
  ['what is denied says by what', ['get', 'pods', '--subresource=proxy'], 1, /no - A proxied call cannot be judged/],
  ['what no rule names is denied', ['update', 'pods', '--subresource=binding'], 1, /^no/],
])('auth can-i tells the truth: %s', async (_what, question, code, answer) => {
  const ran = await broker.kubectlRun(['auth', 'can-i', ...question])
  expect([ran.code, ran.stdout]).toEqual([code, expect.stringMatching(answer)])
})
