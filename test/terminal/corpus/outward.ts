/** Everything Chaperone ever writes to the real terminal, whatever a program wrote to it. */
const allowed = [
  /^\x1b\[\d+;\d+H$/,
  /^\x1b\[[JK]$/,
  /^\x1b\[[\d;:]*m$/,
  /^\x1b\[[0-6] q$/,
  // Mouse, focus, cursor keys, cursor, wrapping, alternate screen, paste, synchronized update: and no other mode.
  /^\x1b\[\?(9|100[02346]|1015|1016|1|25|7|1049|2004|2026)[hl]$/,
  // The title of the terminal is put aside at the start and taken back at the end.
  /^\x1b\[2[23];2t$/,
  /^\x1b[=>]$/,
  /^\x1b\]2;chaperone: [^\x00-\x1f\x7f-\x9f\u202a-\u202e]{0,120}(\x07|\x1b\\)$/,
  /^\x1b\]8;[^\x00-\x1f\x7f]{0,100};[^\x00-\x1f\x7f]{0,4096}(\x07|\x1b\\)$/,
]

const sequence =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/g

/** The sequences and controls in what was written to the terminal that have no business there. */
export function foreignIn(output: string): string[] {
  const found = output.match(sequence) ?? []
  return found.filter((one) => one !== '\x07' && !allowed.some((pattern) => pattern.test(one)))
}
