/** A word, or a command between backticks: one that is broken over two lines cannot be copied. */
const unbroken = /[^\s`]*`[^`]*`[^\s`]*|\S+/g

/** Lines that break between words; the first begins at one column, the others at another. A longer word stays whole. */
export function wrap(text: string, first: number, others: number, columns = 80): string {
  const lines: string[] = []
  let line = ' '.repeat(first)
  for (const word of text.match(unbroken) ?? []) {
    const isFresh = line.trim() === ''
    if (!isFresh && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = ' '.repeat(others) + word
    } else line += isFresh ? word : ` ${word}`
  }
  return [...lines, line].join('\n')
}

/** One row of a list with a name before it; on a terminal too narrow for it, what goes on stands below where it began. */
export function listed(name: string, text: string, stream: NodeJS.WriteStream, column: number): string {
  const row = name.padEnd(column) + text
  if (!stream.isTTY || row.length <= stream.columns) return row
  return name.padEnd(column) + wrap(text, column, column, Math.max(stream.columns, column + 20)).slice(column)
}

/** Prose for a person: wrapped to the width of a terminal, left whole for a file or a pipe, where scripts look for it. */
export function prose(text: string, stream: NodeJS.WriteStream, hang: number): string {
  if (!stream.isTTY) return text
  const fit = (line: string) => {
    const indent = line.length - line.trimStart().length
    return wrap(line, indent, indent + hang, Math.max(stream.columns, indent + hang + 20))
  }
  return text.split('\n').map(fit).join('\n')
}
