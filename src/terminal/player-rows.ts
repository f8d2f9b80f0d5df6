import type { CastEvent } from '../recording/read.ts'
import { playerKeys } from './player-keys.ts'
import { clock, fit, oneLine } from './seek-bar.ts'

/** The list of the markers with the chosen one in view, in at most half of the screen. */
export function markerRows(markers: readonly CastEvent[], chosen: number, cols: number, rows: number): string[] {
  const title = fit(
    ` ${markers.length === 1 ? '1 marker' : `${markers.length} markers`}  ↑ ↓ choose  Enter goes there  Esc closes`,
    cols,
  )
  if (markers.length === 0)
    return [fit(' This recording has no markers. They stand where a request was held, denied or masked.', cols)]
  const shown = Math.max(1, Math.min(markers.length, Math.floor(rows / 2) - 1))
  const top = Math.max(0, Math.min(chosen - Math.floor(shown / 2), markers.length - shown))
  const lines = markers.slice(top, top + shown).map(({ seconds, data }, offset) => {
    const line = fit(` ${top + offset === chosen ? '▸' : ' '} ${clock(seconds)}  ${oneLine(data)}`, cols)
    return top + offset === chosen ? `\x1b[1m${line}\x1b[0m` : line
  })
  return [`\x1b[4m${title}\x1b[0m`, ...lines]
}

/** What the keys do. */
export function helpRows(cols: number): string[] {
  return playerKeys.map(({ label, does }) => fit(` ${label.padEnd(10)} ${does}`, cols))
}
