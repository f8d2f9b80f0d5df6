import { PageLayout, type LineFrame } from './pages.ts'
import type { RecordingOptions } from './port.ts'

export type CastVersion = RecordingOptions['version']

/** Event codes of asciicast: output, resize, marker, exit. */
export type EventCode = 'o' | 'r' | 'm' | 'x'

type HeaderOptions = Omit<RecordingOptions, 'folder' | 'sessionID'>

/**
 * The first line of an asciicast file, newline included. SHELL and TERM are all that is kept of the environment.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v3/ and v2/
 */
function encodeHeader(options: HeaderOptions, startedAt: Date): string {
  const { version, cols, rows, command, title, termType, shell } = options
  const shared = { timestamp: Math.floor(startedAt.getTime() / 1000), command, title }
  const header =
    version === 3
      ? { version, term: { cols, rows, type: termType }, ...shared, env: { SHELL: shell } }
      : { version, width: cols, height: rows, ...shared, env: { SHELL: shell, TERM: termType } }
  return `${encodeText(header)}\n`
}

/**
 * Lines of one recording, newlines included. v3 times are intervals in milliseconds, rounded so that the error never
 * adds up (below 0.5 ms at any point); v2 times are absolute with microseconds.
 */
export class CastEncoder {
  readonly #version: CastVersion
  readonly #pages = new PageLayout()
  #writtenMs = 0

  constructor(version: CastVersion) {
    this.#version = version
  }

  header(options: HeaderOptions, startedAt: Date): string {
    return this.#pages.placeHeader(encodeHeader(options, startedAt))
  }

  /**
   * `elapsedMs` since the start; a value below the one before counts as the same moment. Output that does not fit in a
   * page becomes several events of that moment.
   */
  event(elapsedMs: number, code: EventCode, data: string): string {
    const time = this.#time(elapsedMs)
    const later = this.#version === 3 ? '0.000' : time
    return this.#pages.place({
      first: frame(time, code),
      rest: frame(later, code),
      body: encodeText(data).slice(1, -1),
      splittable: code === 'o',
      filler: this.#version === 3 ? { head: '#', tail: '' } : { head: `[${later}, "o", ""`, tail: ']' },
    })
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

function frame(time: string, code: EventCode): LineFrame {
  return { head: `[${time}, "${code}", "`, tail: '"]' }
}

/** JSON with every non-printable escaped, as asciicast asks; also what some line readers take for a line end. */
function encodeText(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
