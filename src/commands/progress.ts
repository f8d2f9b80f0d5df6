import type { Context } from './command.ts'

/** What is done sooner than this (milliseconds) needs no words. */
const quietMs = 300
const tickMs = 1_000

/** Runs `work`; when it takes longer, one line on the terminal says what is going on, and is gone when it is done. */
export async function withProgress<T>(context: Context, what: string, work: () => Promise<T>): Promise<T> {
  if (!context.stderr.isTTY) return work()
  const began = Date.now()
  let shown = false
  let timer = setTimeout(tick, quietMs)
  function tick(): void {
    const seconds = Math.floor((Date.now() - began) / 1000)
    context.stderr.write(`\r\x1b[Kchaperone: ${what}…${seconds === 0 ? '' : ` ${seconds} s`}`)
    shown = true
    timer = setTimeout(tick, tickMs)
  }
  try {
    return await work()
  } finally {
    clearTimeout(timer)
    if (shown) context.stderr.write('\r\x1b[K')
  }
}
