import { expect, it } from 'vitest'
import { policySchema } from '../../src/policy/json-schema.ts'

it('ships a JSON Schema for editors that is the one policies are parsed with', async () => {
  const text = `${JSON.stringify(policySchema(), undefined, 2)}\n`
  await expect(text).toMatchFileSnapshot('../../docs/policy.schema.json')
})
