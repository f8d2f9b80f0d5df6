import { open } from 'node:fs/promises'
import { parseCast } from '../recording/read.ts'
import type { Past } from './screen-protocol.ts'

/** More than this is not read again for a new face: the program is asked to draw itself anew. */
const maxBytes = 256 * 1024 * 1024

/**
 * What the first `bytes` of a recording show. What was recorded later is not read: whoever watches gets it as output.
 *
 * @throws Fault ERR_RECORDING when it is no recording.
 */
export async function readHistory(recording: string, bytes: number): Promise<Past[]> {
  if (bytes > maxBytes) return []
  await using file = await open(recording, 'r')
  const { header, events } = await parseCast(file.createReadStream({ autoClose: false, end: bytes - 1 }))
  const past = events.flatMap(({ code, data }): Past[] => {
    if (code === 'o') return [{ bytes: Buffer.from(data) }]
    const [, cols, rows] = code === 'r' ? (/^(\d+)x(\d+)$/.exec(data) ?? []) : []
    return cols === undefined ? [] : [{ cols: Number(cols), rows: Number(rows) }]
  })
  return [{ cols: header.cols, rows: header.rows }, ...past]
}
