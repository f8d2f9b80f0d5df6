import { constants, gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'

/** Most that is unpacked, in bytes: a small file may promise more than fits into memory. */
const unpackedBytes = 1024 * 1024 * 1024

const versionOne = z.object({
  version: z.literal(1),
  width: z.number(),
  height: z.number(),
  command: z.string().nullish(),
  title: z.string().nullish(),
  env: z.record(z.string(), z.unknown()).nullish(),
  stdout: z.array(z.tuple([z.number(), z.string()])),
})

export function isPacked(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** What a gzip file holds, as far as it goes when it was cut. Throws ERR_RECORDING. */
export function unpack(bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: unpackedBytes })
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new Fault('ERR_RECORDING', `The recording is compressed and cannot be unpacked (${code}).`, { cause })
  }
}

/** An asciicast v1 recording, which is one JSON object, as the lines of version 3; undefined for anything else. */
export function fromVersionOne(text: string): string | undefined {
  if (!text.startsWith('{') || !text.trimEnd().endsWith('}')) return undefined
  const recording = versionOne.safeParse(parseJson(text))
  if (!recording.success) return undefined
  const { width, height, command, title, env, stdout } = recording.data
  const header = { version: 3, term: { cols: width, rows: height }, command, title, env: textsOf(env ?? {}) }
  return [header, ...stdout.map(([wait, data]) => [wait, 'o', data])]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
}

function textsOf(env: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (failure) {
    if (failure instanceof SyntaxError) return undefined
    throw failure
  }
}
