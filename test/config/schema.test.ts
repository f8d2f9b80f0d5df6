import { expect, it } from 'vitest'
import { z } from 'zod'
import { configSchema } from '../../src/config/schema.ts'

it('ships a JSON Schema for editors that is the one the broker parses with', async () => {
  const schema = { $id: 'chaperone.schema.json', ...z.toJSONSchema(configSchema) }
  await expect(`${JSON.stringify(schema, undefined, 2)}\n`).toMatchFileSnapshot(
    '../../src/config/chaperone.schema.json',
  )
})
