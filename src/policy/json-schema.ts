import { z } from 'zod'
import { accessPolicy, maskSet } from './schema.ts'

/** JSON Schema (draft 2020-12) of one policy document, for editors; what refinements check is not in it. */
export function policySchema(): Record<string, unknown> {
  const either = z.discriminatedUnion('kind', [accessPolicy, maskSet])
  return { $id: 'policy.schema.json', ...z.toJSONSchema(either, { io: 'input' }) }
}
