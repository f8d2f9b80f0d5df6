import type { Terminal } from '@xterm/headless'
import { TerminalColours } from './colours.ts'

/** What DCS + q (XTGETTCAP) is answered, by the name in hexadecimal: terminal's name, colours, direct colours. */
const capabilities: Readonly<Record<string, string>> = {
  '544e': '787465726d2d323536636f6c6f72',
  '436f': '323536',
  '636f6c6f7273': '323536',
  '524742': '382f382f38',
}
/** Most colours asked for in one sequence that are answered. */
const colourQuestions = 256

/**
 * Answers the questions of a program that xterm leaves open, from the model alone: none goes to the real terminal. No
 * answer holds text of the program's choice, for answers are input to whoever reads next.
 */
export function answerQuestions(terminal: Terminal, reply: (text: string) => void): TerminalColours {
  const colours = new TerminalColours()
  const { parser } = terminal
  for (const [index, code] of [10, 11, 12].entries()) {
    parser.registerOscHandler(code, (data) => {
      for (const [offset, colour] of data
        .split(';')
        .slice(0, 3 - index)
        .entries()) {
        const name = String(code + offset)
        if (colour === '?') answerColour(name, colours, reply)
        else colours.set(name, colour)
      }
      return true
    })
    parser.registerOscHandler(code + 100, () => {
      colours.reset(String(code))
      return true
    })
  }
  parser.registerOscHandler(4, (data) => {
    const parts = data.split(';', 2 * colourQuestions)
    for (let at = 0; at + 1 < parts.length; at += 2) {
      const name = `4;${Number(parts[at])}`
      if (parts[at + 1] === '?') answerColour(name, colours, reply)
      else colours.set(name, parts[at + 1] ?? '')
    }
    return true
  })
  parser.registerOscHandler(104, (data) => {
    if (data === '') colours.resetPalette()
    else for (const index of data.split(';', colourQuestions)) colours.reset(`4;${Number(index)}`)
    return true
  })
  parser.registerCsiHandler({ prefix: '>', final: 'q' }, ([kind]) => {
    if (kind === 0) reply('\x1bP>|chaperone\x1b\\')
    return true
  })
  parser.registerDcsHandler({ intermediates: '+', final: 'q' }, (data) => {
    const name = data.split(';', 1)[0]?.toLowerCase() ?? ''
    const value = Object.hasOwn(capabilities, name) ? capabilities[name] : undefined
    reply(value === undefined ? '\x1bP0+r\x1b\\' : `\x1bP1+r${name}=${value}\x1b\\`)
    return true
  })
  // xterm knows mouse reports in pixels; they are not carried, and who asks shall know.
  parser.registerCsiHandler({ prefix: '?', intermediates: '$', final: 'p' }, ([mode]) => {
    if (mode === 1016) reply('\x1b[?1016;0$y')
    return mode === 1016
  })
  return colours
}

function answerColour(name: string, colours: TerminalColours, reply: (text: string) => void): void {
  const colour = colours.get(name)
  if (colour !== undefined) reply(`\x1b]${name};${colour}\x1b\\`)
}
