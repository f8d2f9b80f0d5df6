import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { accessPolicy } from '../../src/policy/schema.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { ask, operator, resourceRequest } from './request.ts'

const page = await readFile(new URL('../../docs/policy.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text)

it('the policies on the page are policies', () => {
  expect(blocks).toHaveLength(2)
  for (const [index, text] of blocks.entries())
    expect(loadPolicy([{ file: `block ${index}`, text }]).rules.length).toBeGreaterThan(1)
})

it('the page names every key of a rule', () => {
  const rule = accessPolicy.shape.rules.element
  for (const key of Object.keys(rule.shape))
    if (key !== 'name') expect(page).toMatch(new RegExp(`^\\| \`${key}\` +\\|`, 'm'))
})

it('what the examples say is so', () => {
  const examples = loadPolicy([{ file: 'examples', text: blocks[1] ?? '' }])
  const patch = ask(resourceRequest('patch', 'deployments', { apiGroup: 'apps', namespace: 'shop', name: 'web' }))
  const shop = {
    ...patch,
    subject: { ...operator, groups: ['shop'] },
    object: { spec: { replicas: 1 } },
    oldObject: { spec: { replicas: 4 } },
  }
  const at = (time: string) => examples.decide({ ...shop, now: new Date(time) }).reasons.map(({ rule }) => rule)
  expect(at('2026-11-23T18:59:00Z')).toEqual(['examples/half-at-a-time'])
  expect(at('2026-11-23T19:00:00Z')).toEqual(['examples/nothing-at-night'])
  expect(at('2026-11-23T05:00:00Z')).toEqual(['examples/half-at-a-time'])
  expect(at('2026-11-23T04:59:00Z')).toEqual(['examples/nothing-at-night'])
})
