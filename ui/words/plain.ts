/**
 * What may stand on a screen as it is: letters, their marks, numbers, punctuation, symbols and the space. All else
 * (controls, bidi overrides, zero-width and other invisible characters, private use) would act on the terminal or hide.
 */
const allowed = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
/** Letters and symbols by category that nevertheless show nothing: Hangul fillers, variation selectors, empty braille. */
const invisible = /[\p{Default_Ignorable_Code_Point}\u2800]/u
const mark = /^\p{M}$/u
const printableAscii = /^[ -~]*$/
/** More marks than this on one letter draw over the rows above and below; no language needs as many. */
const maxMarks = 3

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text from a client or the wire as one harmless line: what could act or hide becomes visible (`\x1b`, `\u202e`). */
export function plain(text: string): string {
  if (printableAscii.test(text)) return text
  let shown = ''
  let marks = maxMarks
  for (const character of text.toWellFormed()) {
    const isMark = mark.test(character)
    marks = isMark ? marks + 1 : 0
    const harmless = allowed.test(character) && !invisible.test(character) && marks <= maxMarks
    shown += harmless ? character : escape(character)
    if (!isMark && !harmless) marks = maxMarks
  }
  return shown
}

/** As {@link plain}, but line feeds make lines and tabs become two spaces. */
export function plainLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => plain(line.replaceAll('\t', '  ')))
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return named[character] ?? `\\x${hex(code, 2)}`
  return code > 0xffff ? `\\u{${hex(code, 1)}}` : `\\u${hex(code, 4)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
