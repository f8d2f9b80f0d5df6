import type { CommandWords, Source } from './completion-words.ts'

/**
 * The script for zsh; it works from a folder of fpath and when it is sourced. Its local names stay
 * clear of zsh's own `commands` and `options`, which completion of other commands needs.
 */
export function zshScript(commands: readonly CommandWords[]): string {
  const values = new Map(commands.flatMap(({ options }) => options).map(({ name, value }) => [name, value]))
  const taking = [...values].filter(([, value]) => value !== undefined).map(([name]) => `--${name}`)
  return `#compdef chaperone
# zsh completion for chaperone
_chaperone_value() {
  case $1 in
${[...values].flatMap(([name, value]) => (value === undefined ? [] : [`  (--${name}) ${offer(value)} ;;`])).join('\n')}
  esac
}

_chaperone_position() {
  case $1:$2 in
${commands.flatMap(({ name, positions }) => positions.map((source, at) => `  (${name}:${at}) ${offer(source)} ;;`)).join('\n')}
  esac
}

_chaperone_options() {
  local -a flags
  case $1 in
${commands.map(optionsLine).join('\n')}
  esac
  _describe -o option flags
}

_chaperone_ask() {
  local -a found
  found=(\${(f)"$(chaperone __complete $1 -- $line 2>/dev/null)"})
  (( $#found )) && compadd -- $found
}

_chaperone() {
  local -a line taking verbs
  local command= value= word
  local -i position=0 at
  # A command of one's own after the two dashes is completed as it would be alone.
  for ((at = 2; at < CURRENT; at++)); do
    [[ $words[at] == -- ]] || continue
    shift $at words
    (( CURRENT -= at ))
    _normal
    return
  done
  line=("\${(@)words[2,CURRENT]}")
  taking=(${taking.join(' ')})
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $value ]]; then value=
    elif (( $taking[(Ie)$word] )); then value=$word
    elif [[ $word == -* ]]; then command=\${command:-shell}
    elif [[ -z $command ]]; then command=$word
    else (( position += 1 )); fi
    [[ -z $command && -n $value ]] && command=shell
  done
  if [[ -n $value ]]; then _chaperone_value $value
  elif [[ $PREFIX == --*=* ]]; then
    value=\${PREFIX%%=*}
    compset -P 1 '*='
    _chaperone_value $value
  elif [[ $PREFIX == -* ]]; then _chaperone_options \${command:-shell}
  elif [[ -z $command ]]; then
    verbs=(${commands.map(({ name, summary }) => described(name, summary)).join(' ')})
    _describe command verbs
  else _chaperone_position $command $position; fi
}

if [[ $funcstack[1] == _chaperone ]]; then _chaperone "$@"; else compdef _chaperone chaperone; fi
`
}

function optionsLine({ name, options }: CommandWords): string {
  const all = options.map((option) => described(`--${option.name}`, option.words))
  return `  (${name}) flags=(${all.join(' ')}) ;;`
}

/** One entry of _describe, quoted: a colon parts the word from what it does. */
function described(word: string, about: string): string {
  const text = about === '' ? word : `${word}:${about}`
  return `'${text.replaceAll("'", "'\\''")}'`
}

function offer(source: Source): string {
  switch (source.kind) {
    case 'words':
      return `compadd -- ${source.words.join(' ')}`
    case 'files':
      return '_files'
    case 'folders':
      return '_files -/'
    case 'ask':
      return `_chaperone_ask ${source.what}`
    case 'free':
      return '_message value'
  }
}
