import { z } from 'zod'
import { Fault } from '../model/fault.ts'

/** What both versions say in their first line. */
export interface CastHeader {
  readonly version: 2 | 3
  readonly cols: number
  readonly rows: number
  /** Unix seconds. */
  readonly timestamp?: number
  readonly command: string
  readonly title: string
  readonly termType: string
  /** Seconds; a hint for players, stored times are real. */
  readonly idleTimeLimit?: number
  readonly env: Readonly<Record<string, string>>
}

const size = z.number().int().min(1).max(65_535)
const text = z.string().nullish()
const shared = {
  /** Up to the year 9999. */
  timestamp: z.number().min(0).max(253_402_300_799).nullish(),
  command: text,
  title: text,
  idle_time_limit: z.number().min(0).nullish(),
  env: z.record(z.string(), text).nullish(),
}
const headerSchema = z.discriminatedUnion('version', [
  z.object({ version: z.literal(2), width: size, height: size, ...shared }),
  z.object({ version: z.literal(3), term: z.object({ cols: size, rows: size, type: text }), ...shared }),
])

/** Reads the first line. Throws ERR_RECORDING when it is no asciicast v2 or v3 header. */
export function parseHeader(line: string): CastHeader {
  const header = headerSchema.safeParse(parseJson(line))
  if (!header.success) throw malformed(header.error)
  const { data } = header
  const env = Object.fromEntries(
    Object.entries(data.env ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
  return {
    ...(data.version === 3
      ? { version: 3, cols: data.term.cols, rows: data.term.rows, termType: data.term.type ?? '' }
      : { version: 2, cols: data.width, rows: data.height, termType: env['TERM'] ?? '' }),
    ...(data.timestamp == null ? {} : { timestamp: data.timestamp }),
    ...(data.idle_time_limit == null ? {} : { idleTimeLimit: data.idle_time_limit }),
    command: data.command ?? '',
    title: data.title ?? '',
    env,
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch (cause) {
    throw malformed(cause)
  }
}

function malformed(cause: unknown): Fault {
  return new Fault('ERR_RECORDING', 'Line 1 is not the header of an asciicast v2 or v3 recording.', { cause })
}
