import { constants } from 'node:os'

/** The status a shell reports: the exit code, or 128 + signal number when a signal ended the program. */
export function exitStatusOf(
  code: number | null | undefined,
  signal: NodeJS.Signals | number | null | undefined,
): number {
  if (typeof signal === 'number' && signal > 0) return 128 + signal
  if (typeof signal === 'string') return 128 + (constants.signals[signal] ?? 0)
  return code ?? 1
}
