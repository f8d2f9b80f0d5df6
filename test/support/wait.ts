/** What to wait for in a text: a part of it, a pattern, or a question about it. */
export type Wanted = string | RegExp | ((text: string) => boolean)

/** Something with a text that changes, and a way to hear of each change. */
export interface Changing {
  text(): string | Promise<string>
  /** Calls back after each change, and once when there will be none any more; returns the unsubscribe function. */
  onChange(listener: (ended: boolean) => void): () => void
}

/**
 * Waits until the text holds what is wanted and gives that text. Looks after each change and never in between.
 * Rejects with the last text when the time (milliseconds) is up or nothing can change any more.
 */
export async function waitForText(source: Changing, wanted: Wanted, milliseconds = 10_000): Promise<string> {
  let reason: 'never appeared' | 'did not appear in time' | undefined
  let changed = Promise.withResolvers<void>()
  const unsubscribe = source.onChange((ended) => {
    if (ended) reason ??= 'never appeared'
    changed.resolve()
  })
  const timer = setTimeout(() => {
    reason ??= 'did not appear in time'
    changed.resolve()
  }, milliseconds)
  try {
    for (;;) {
      // Read before looking: what ends while the text is fetched still gets one more look.
      const last = reason
      changed = Promise.withResolvers<void>()
      const text = await source.text()
      if (holds(text, wanted)) return text
      if (last !== undefined) throw new Error(`${describe(wanted)} ${last}:\n${text}`)
      if (reason === undefined) await changed.promise
    }
  } finally {
    unsubscribe()
    clearTimeout(timer)
  }
}

function holds(text: string, wanted: Wanted): boolean {
  if (typeof wanted === 'string') return text.includes(wanted)
  return wanted instanceof RegExp ? wanted.test(text) : wanted(text)
}

function describe(wanted: Wanted): string {
  return typeof wanted === 'function' ? 'What was waited for' : `'${String(wanted)}'`
}
