import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

const path = '/api/v1/namespaces/default/configmaps'

interface Page {
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly { readonly metadata: { readonly name: string } }[]
}

const page = async (query: string) => (await cluster.raw(`${path}?${query}`)).json as unknown as Page
const names = ({ items }: Page) => items.map(({ metadata }) => metadata.name)

test('all pages show the state of the first', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await cluster.kubectl('-n', 'default', 'create', 'configmap', name)
  const first = await page('limit=2')
  expect(names(first)).toEqual(['a', 'b'])
  expect(first.metadata.remainingItemCount).toBe(3)
  await cluster.kubectl('-n', 'default', 'delete', 'configmap', 'c')
  await cluster.kubectl('-n', 'default', 'create', 'configmap', 'bb')
  const second = await page(`limit=9&continue=${first.metadata.continue ?? ''}`)
  expect(names(second)).toEqual(['c', 'd', 'kube-root-ca.crt'])
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  expect(names(await page(`resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`))).toContain(
    'c',
  )
  expect(names(await page(''))).toEqual(['a', 'b', 'bb', 'd', 'kube-root-ca.crt'])
})

test.each([
  ['a version to come', 'resourceVersion=999999999', 504, 'Too large resource version'],
  ['a match without a version', 'resourceVersionMatch=Exact', 422, 'resourceVersionMatch is forbidden unless'],
  ['an unknown match', 'resourceVersion=1&resourceVersionMatch=Near', 422, 'supported values'],
  ['a version that is gone', 'resourceVersion=1&resourceVersionMatch=Exact', 410, 'too old'],
  ['a token that is none', 'continue=xyz', 400, 'continue key is not valid'],
  ['no number', 'resourceVersion=abc', 400, 'Invalid value: "abc"'],
])('%s is refused', async (_what, query, code, words) => {
  const { json } = await cluster.raw(`${path}?${query}`)
  expect(json).toMatchObject({ code, message: expect.stringContaining(words) as string })
})
