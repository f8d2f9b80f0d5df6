import { createContext, useContext } from 'react'
import type { Background } from '../../src/model/chrome.ts'

/** What a piece of text means on our own screens. Every meaning is also carried by a word or a shape. */
export type Tone =
  | 'plain'
  | 'quiet' // helps, but may be overlooked
  | 'strong' // what the eye should find first
  | 'mark' // this row is Chaperone's
  | 'waiting' // something waits for a person
  | 'good'
  | 'bad'
  | 'alarm' // nothing works until this is settled
  | 'claim' // said by the client, not checked
  | 'recording'
  | 'selected'
  | 'code' // characters to copy

export interface Theme {
  /** The text styled with SGR only; the text itself must be free of escape sequences. */
  paint(tone: Tone, text: string): string
}

type Styles = Readonly<Record<Tone, readonly number[]>>

/** NO_COLOR (no-color.org): attributes only. Each list stands alone without colour, so this is also the common ground. */
const uncolored: Styles = {
  plain: [],
  quiet: [2],
  strong: [1],
  mark: [1, 7],
  waiting: [1, 7],
  good: [1],
  bad: [1],
  alarm: [1, 7],
  claim: [4],
  recording: [],
  selected: [7],
  code: [1, 7],
}

/**
 * SGR parameters by meaning (ECMA-48 8.3.117): attributes, the terminal's own default and its 16 colours. Good is blue
 * or cyan and bad is red, which differ for every kind of colour vision, and in brightness; beside each stands a shape.
 */
const colored: Readonly<Record<Background, Styles>> = {
  dark: { ...uncolored, waiting: [7, 33], good: [36], bad: [1, 31], alarm: [1, 7, 31], claim: [35], recording: [31] },
  // Yellow and faint text cannot be read on white.
  light: {
    ...uncolored,
    quiet: [],
    waiting: [7, 34],
    good: [34],
    bad: [1, 31],
    alarm: [1, 7, 31],
    claim: [35],
    recording: [31],
  },
  unknown: { ...uncolored, good: [36], bad: [1, 31], alarm: [1, 7, 31], claim: [35], recording: [31] },
}

export function createTheme({
  color,
  background = 'unknown',
}: {
  readonly color: boolean
  readonly background?: Background
}): Theme {
  const parameters = color ? colored[background] : uncolored
  return {
    paint: (tone, text) => {
      const on = parameters[tone]
      if (text === '' || on.length === 0) return text
      return `${on.map(sgr).join('')}${text}${on.toReversed().map(off).map(sgr).join('')}`
    },
  }
}

function sgr(parameter: number): string {
  return `\u001b[${parameter}m`
}

function off(parameter: number): number {
  if (parameter >= 30) return 39
  return parameter <= 2 ? 22 : parameter + 20
}

const ThemeContext = createContext<Theme>({ paint: (_tone, text) => text })
export const ThemeProvider = ThemeContext.Provider

export function useTheme(): Theme {
  return useContext(ThemeContext)
}
