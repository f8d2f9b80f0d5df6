/** Flags whose value is, or may hold, a secret. */
const secretFlag = /^--?[a-z-]*(?:token|password|passwd|passphrase|secret|credential|api-?key|private-?key)[a-z-]*$/i
/** Flags of `kubectl create` whose value is KEY=VALUE; the key may be told. */
const literalFlag = /^--from-literal$/
const hidden = '***'

/** A command's words as they may be kept: values given to flags that carry secrets are hidden, a key before them is not. */
export function shownCommand(words: readonly string[]): string[] {
  let isValueNext: ((value: string) => string) | undefined
  return words.map((word) => {
    if (isValueNext !== undefined) {
      const hide = isValueNext
      isValueNext = undefined
      return hide(word)
    }
    const at = word.indexOf('=')
    const name = at === -1 ? word : word.slice(0, at)
    const hide = literalFlag.test(name) ? hideLiteral : secretFlag.test(name) ? () => hidden : undefined
    if (hide === undefined) return word
    if (at !== -1) return `${name}=${hide(word.slice(at + 1))}`
    isValueNext = hide
    return word
  })
}

function hideLiteral(pair: string): string {
  const at = pair.indexOf('=')
  return at === -1 ? hidden : `${pair.slice(0, at)}=${hidden}`
}
