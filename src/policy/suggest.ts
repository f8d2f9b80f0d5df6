/** Edits after which two words are no longer "the same word, mistyped". */
const maxEdits = 3

/** ` Did you mean "pods"?` when one of `known` is close to `word`, else the empty string. */
export function didYouMean(word: string, known: Iterable<string>): string {
  let best: string | undefined
  let fewest = Math.min(maxEdits, Math.ceil(word.length / 2)) + 1
  for (const candidate of known) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < fewest) [best, fewest] = [candidate, edits]
  }
  return best === undefined ? '' : ` Did you mean ${JSON.stringify(best)}?`
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
