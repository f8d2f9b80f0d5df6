import type { CastEvent } from '../recording/read.ts'
import { clock, oneLine } from './seek-bar.ts'

/**
 * Sequences that draw nothing by themselves (ECMA-48 section 5.4): CSI, the strings OSC, DCS, SOS, PM and APC with their
 * ends, each in its 7-bit and 8-bit form, two-character escapes, control characters other than tab and line feed, and the
 * characters that turn the direction of writing (UAX #9), which would show a text as another one.
 */
const sequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** The beginning of such a sequence at the end of a piece; no longer than anything that is meant to be one. */
const unfinished =
  /(?:(?:\x1b\[|\x9b)[0-?]{0,256}[ -/]{0,16}|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]{0,8192}\x1b?|\x1b[ -/]{0,16})$/

/** Takes the sequences out of output that comes in pieces. */
class Plain {
  #held = ''

  push(data: string): string {
    const whole = this.#held + data
    const rest = unfinished.exec(whole)?.index ?? whole.length
    this.#held = whole.slice(rest)
    return whole.slice(0, rest).replace(sequences, '')
  }
}

/**
 * What a recording says, line by line, each with the time at which it began: for screen readers and files. Markers have
 * their own lines.
 */
export function* markedLines(events: readonly CastEvent[]): Generator<string> {
  const plain = new Plain()
  let [line, began] = ['', 0]
  for (const { seconds, code, data } of events) {
    if (code === 'm') yield `[${clock(seconds)}] ◆ ${oneLine(data)}`
    if (code !== 'o') continue
    const [first = '', ...others] = plain.push(data).split('\n')
    if (line === '') began = seconds
    line += first
    for (const next of others) {
      if (line.trim() !== '') yield `[${clock(began)}] ${line}`
      ;[line, began] = [next, seconds]
    }
  }
  if (line.trim() !== '') yield `[${clock(began)}] ${line}`
}

/** What a recording says as text, and where in it each event stands. */
export class Transcript {
  readonly #plain = new Plain()
  #text = ''
  /** Length of the text after each output event, and the event's index. */
  readonly #ends: { readonly end: number; readonly index: number }[] = []

  /** Events in order; `first` is the index of the first one. */
  append(events: readonly CastEvent[], first: number): void {
    const parts: string[] = []
    let end = this.#text.length
    for (const [offset, { code, data }] of events.entries()) {
      if (code !== 'o') continue
      const plain = this.#plain.push(data)
      parts.push(plain)
      end += plain.length
      this.#ends.push({ end, index: first + offset })
    }
    this.#text += parts.join('')
  }

  get text(): string {
    return this.#text
  }

  /**
   * Index of the event that completes the next match of `words` after event `from`, or the previous one before it,
   * whatever the case; undefined when there is none. A match may begin in an earlier event.
   */
  find(words: string, from: number, direction: 'forward' | 'backward'): number | undefined {
    if (words === '') return undefined
    const pattern = new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), 'gi')
    let before: number | undefined
    for (const match of this.#text.matchAll(pattern)) {
      const index = this.#eventAt(match.index + match[0].length)
      if (direction === 'forward' && index > from) return index
      if (direction === 'backward' && index >= from) break
      before = index
    }
    return direction === 'backward' ? before : undefined
  }

  /** The event in which the text is first `length` long. */
  #eventAt(length: number): number {
    let [low, high] = [0, this.#ends.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ends[middle]?.end ?? 0) >= length) high = middle
      else low = middle + 1
    }
    return this.#ends[low]?.index ?? 0
  }
}
