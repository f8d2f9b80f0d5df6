import { Fault } from '../model/fault.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

const MAX_MS = 24 * 3_600_000

/** A Go-style duration (`90s`, `1m30s`, `250ms`, `0`) in milliseconds, at most a day. Throws ERR_USAGE naming `what`. */
export function parseDuration(text: string, what: string): number {
  const wrong = () =>
    new Fault('ERR_USAGE', `${what} must be a duration like 90s, 15m or 0, not ${JSON.stringify(text)}.`)
  if (text === '0') return 0
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw wrong()
  let total = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (units[unit] ?? Number.NaN)
  }
  if (!Number.isFinite(total)) throw wrong()
  if (total > MAX_MS) throw new Fault('ERR_USAGE', `${what} takes at most 24h, not ${JSON.stringify(text)}.`)
  return Math.round(total)
}
