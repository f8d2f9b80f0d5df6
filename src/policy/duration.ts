const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Longest time a request may be held: what was judged a day ago says little about now. */
export const MAX_HOLD_MS = 24 * 3_600_000

/** A duration in Go's notation (`90s`, `1m30s`, `15m`) in milliseconds; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+)(ms|s|m|h)/g)
  return parts.reduce((total, [, amount, unit]) => total + Number(amount) * (units[unit ?? ''] ?? Number.NaN), 0)
}
