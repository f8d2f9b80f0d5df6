/** A key without its bytes. */
export interface Key {
  readonly name: string
  readonly ctrl: boolean
  readonly alt: boolean
  readonly shift: boolean
}

const plain = { ctrl: false, alt: false, shift: false } as const

/** The key of one control byte: Ctrl-A is 01, Enter 0D, Tab 09, Backspace 7F, Escape 1B, Ctrl-Space 00. */
export function keyOfByte(byte: number): Key {
  const named: Readonly<Record<number, string>> = { 0x0d: 'enter', 0x09: 'tab', 0x1b: 'escape', 0x7f: 'backspace' }
  const name = named[byte]
  if (name !== undefined) return { ...plain, name }
  if (byte === 0) return { ...plain, name: 'space', ctrl: true }
  return { ...plain, name: String.fromCharCode(byte + 0x40).toLowerCase(), ctrl: true }
}

const byFinal: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  E: 'begin',
  F: 'end',
  H: 'home',
  M: 'enter',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
  Z: 'tab',
}

/** DEC and xterm function key numbers: `CSI n ~`. */
const byNumber: Readonly<Record<string, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
}

/** The key of a CSI or SS3 sequence (xterm: PC-style function keys); undefined when it is none we know. */
export function keyOfSequence(sequence: string): Key | undefined {
  const match = /^\x1b(?:O|\[)(\d*)(?:;(\d+))?([A-Z~])$/.exec(sequence)
  if (match === null) return undefined
  const [, number = '', modifier = '1', final = ''] = match
  const name = final === '~' ? byNumber[number] : byFinal[final]
  if (name === undefined) return undefined
  const bits = Number(modifier) - 1
  return {
    name,
    shift: (bits & 1) !== 0 || final === 'Z',
    alt: (bits & 2) !== 0,
    ctrl: (bits & 4) !== 0,
  }
}
