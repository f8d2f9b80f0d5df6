import { open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

const pollMs = 100

/**
 * The bytes of a file from `from` on, as it grows; ends when `signal` aborts. The recorder writes every 100 ms, so looking
 * that often misses nothing and costs less than being told of each write.
 */
export async function* tailFile(path: string, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await using file = await open(path, 'r')
  let at = from
  while (!signal.aborted) {
    const { bytesRead, buffer } = await file.read({ position: at, buffer: Buffer.allocUnsafe(64 * 1024) })
    at += bytesRead
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
    else await pause(pollMs, undefined, { signal }).catch(() => {})
  }
}
