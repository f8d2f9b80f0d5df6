/** The row (0-based) a mouse report names: SGR and urxvt reports in decimal, X10 reports as one byte plus 33. */
export function mouseRow(bytes: Uint8Array): number | undefined {
  const text = Buffer.from(bytes).toString('latin1')
  const decimal = /^\x1b\[<?\d+;\d+;(\d+)/.exec(text)?.[1]
  if (decimal !== undefined) return Number(decimal) - 1
  return text.startsWith('\x1b[M') ? (bytes[5] ?? 0) - 33 : undefined
}
