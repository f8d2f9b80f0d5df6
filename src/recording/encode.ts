import type { RecordingOptions } from './port.ts'

export type CastVersion = RecordingOptions['version']

/** Event codes of asciicast: output, resize, marker, exit. */
export type EventCode = 'o' | 'r' | 'm' | 'x'

/**
 * The first line of an asciicast file, newline included. SHELL and TERM are all that is kept of the environment.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v3/ and v2/
 */
export function encodeHeader(options: Omit<RecordingOptions, 'folder' | 'sessionID'>, startedAt: Date): string {
  const { version, cols, rows, command, title, termType, shell } = options
  const shared = { timestamp: Math.floor(startedAt.getTime() / 1000), command, title }
  const header =
    version === 3
      ? { version, term: { cols, rows, type: termType }, ...shared, env: { SHELL: shell } }
      : { version, width: cols, height: rows, ...shared, env: { SHELL: shell, TERM: termType } }
  return `${encodeText(header)}\n`
}

/**
 * Event lines of one recording, newline included. v3 times are intervals in milliseconds, rounded so that the error never
 * adds up (below 0.5 ms at any point); v2 times are absolute with microseconds.
 */
export class EventEncoder {
  readonly #version: CastVersion
  #writtenMs = 0

  constructor(version: CastVersion) {
    this.#version = version
  }

  /** `elapsedMs` since the start; a value below the one before counts as the same moment. */
  line(elapsedMs: number, code: EventCode, data: string): string {
    return `[${this.#time(elapsedMs)}, "${code}", ${encodeText(data)}]\n`
  }

  #time(elapsedMs: number): string {
    if (this.#version === 2) {
      this.#writtenMs = Math.max(elapsedMs, this.#writtenMs)
      return (this.#writtenMs / 1000).toFixed(6)
    }
    const interval = Math.max(0, Math.round(elapsedMs) - this.#writtenMs)
    this.#writtenMs += interval
    return (interval / 1000).toFixed(3)
  }
}

/** JSON with every non-printable escaped, as asciicast asks; also what some line readers take for a line end. */
function encodeText(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
