import { createContext, useContext } from 'react'

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

/**
 * SGR parameters by meaning (ECMA-48 8.3.117). Only the terminal's own default and 16 colours and attributes, so that it
 * reads on light and dark backgrounds; each list stands alone without colour.
 */
const colored: Readonly<Record<Tone, readonly number[]>> = {
  plain: [],
  quiet: [2],
  strong: [1],
  mark: [1, 7],
  waiting: [7, 33],
  good: [32],
  bad: [31],
  alarm: [1, 7, 31],
  claim: [35],
  recording: [31],
  selected: [7],
  code: [1, 7],
}

/** NO_COLOR (no-color.org): attributes only. */
const uncolored: Readonly<Record<Tone, readonly number[]>> = {
  ...colored,
  waiting: [7],
  good: [1],
  bad: [1],
  alarm: [1, 7],
  claim: [4],
  recording: [],
}

export function createTheme({ color }: { readonly color: boolean }): Theme {
  const parameters = color ? colored : uncolored
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
