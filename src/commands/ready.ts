import { z } from 'zod'
import { Fault } from '../model/fault.ts'

/** What a running broker says of itself in its ready file and on stdout. Stable: scripts read it. */
export const brokerReadySchema = z.strictObject({
  kind: z.literal('Broker'),
  pid: z.number().int(),
  /** Data plane for kubectl, `https://127.0.0.1:PORT`. */
  endpoint: z.string(),
  /** PEM file of the broker's certificate authority. */
  caFile: z.string(),
  /** Control API, `https://127.0.0.1:PORT`. */
  control: z.string(),
  /** File that holds the operator's control token. */
  operatorTokenFile: z.string(),
  context: z.string(),
  server: z.string(),
  practice: z.boolean(),
  mode: z.enum(['local', 'isolated', 'remote']),
  stateFolder: z.string(),
})
export type BrokerReady = z.infer<typeof brokerReadySchema>

export const practiceReadySchema = z.strictObject({
  kind: z.literal('PracticeCluster'),
  pid: z.number().int(),
  server: z.string(),
  kubeconfig: z.string(),
})
export type PracticeReady = z.infer<typeof practiceReadySchema>

/** Throws ERR_STATE: a ready file is only ever written by Chaperone. */
export function parseReady<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Fault('ERR_STATE', `${where} does not hold what Chaperone writes there.`, {
    advice: 'Remove it and start again.',
  })
}

/** The same for the text of a file; what is not JSON at all does not fit any schema. */
export function parseReadyText<T extends z.ZodType>(schema: T, text: string, where: string): z.output<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  return parseReady(schema, value, where)
}
