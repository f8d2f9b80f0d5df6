import type { Mode } from '../../src/model/session.ts'

/** The mode as the status line names it. */
export function modeLabel(mode: Mode): string {
  return mode.toUpperCase()
}
