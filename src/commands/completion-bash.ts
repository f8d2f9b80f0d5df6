import type { CommandWords, Source } from './completion-words.ts'

/** The script for bash 3.2 and newer; with or without the package bash-completion. */
export function bashScript(commands: readonly CommandWords[]): string {
  const values = new Map(commands.flatMap(({ options }) => options).map(({ name, value }) => [name, value]))
  const taking = [...values].filter(([, value]) => value !== undefined).map(([name]) => `--${name}`)
  return `# bash completion for chaperone
_chaperone_value() {
  case $1 in
${[...values].flatMap(([name, value]) => (value === undefined ? [] : [`  --${name}) ${offer(value)} ;;`])).join('\n')}
  esac
}

_chaperone_position() {
  case $1:$2 in
${commands.flatMap(({ name, positions }) => positions.map((source, at) => `  ${name}:${at}) ${offer(source)} ;;`)).join('\n')}
  esac
}

_chaperone_options() {
  case $1 in
${commands.map(({ name, options }) => `  ${name}) _chaperone_words ${options.map((option) => `--${option.name}`).join(' ')} ;;`).join('\n')}
  esac
}

_chaperone_words() { COMPREPLY=($(compgen -W "$*" -- "$_chaperone_cur")); }

# Names come from files that others write: none of them is expanded, and each is quoted before it stands on the line.
_chaperone_ask() {
  local found quoted
  while IFS= read -r found; do
    printf -v quoted %q "$found"
    [[ $found == "$_chaperone_cur"* || $quoted == "$_chaperone_cur"* ]] && COMPREPLY+=("$quoted")
  done < <(chaperone __complete "$1" -- "\${_chaperone_line[@]}" 2>/dev/null)
}

_chaperone_paths() {
  local found
  compopt -o filenames 2>/dev/null
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen "$@" -- "$_chaperone_cur")
}

_chaperone() {
  local _chaperone_cur _chaperone_line at command= position=0 value= word
  COMPREPLY=()
  # A command of one's own after the two dashes is completed as it would be alone.
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -- ]] || continue
    if declare -F _comp_command_offset >/dev/null; then _comp_command_offset $((at + 1))
    elif declare -F _command_offset >/dev/null; then _command_offset $((at + 1))
    else
      _chaperone_cur=\${COMP_WORDS[COMP_CWORD]}
      _chaperone_paths -c -f
    fi
    return
  done
  # bash splits words at = and :, which stand inside options and names of contexts.
  read -r -a _chaperone_line <<<"\${COMP_LINE:0:COMP_POINT}"
  [[ \${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && _chaperone_line+=("")
  _chaperone_line=("\${_chaperone_line[@]:1}")
  local last=$((\${#_chaperone_line[@]} - 1))
  _chaperone_cur=\${_chaperone_line[last]}
  for ((at = 0; at < last; at++)); do
    word=\${_chaperone_line[at]}
    if [[ -n $value ]]; then value=
    elif [[ " ${taking.join(' ')} " == *" $word "* ]]; then value=$word
    elif [[ $word == -* ]]; then [[ -n $command ]] || command=shell
    elif [[ -z $command ]]; then command=$word
    else position=$((position + 1)); fi
    [[ -z $command && -n $value ]] && command=shell
  done
  if [[ -n $value ]]; then _chaperone_value "$value"
  elif [[ $_chaperone_cur == --*=* ]]; then
    value=\${_chaperone_cur%%=*}
    _chaperone_cur=\${_chaperone_cur#*=}
    _chaperone_value "$value"
    [[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("\${COMPREPLY[@]/#/$value=}")
  elif [[ $_chaperone_cur == -* ]]; then _chaperone_options "\${command:-shell}"
  elif [[ -z $command ]]; then _chaperone_words ${commands.map(({ name }) => name).join(' ')}
  else _chaperone_position "$command" "$position"; fi
  # What stands before a colon is already on the line.
  if [[ $_chaperone_cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${_chaperone_cur%"\${_chaperone_cur##*:}"}"}")
  fi
}
complete -F _chaperone chaperone
`
}

function offer(source: Source): string {
  switch (source.kind) {
    case 'words':
      return `_chaperone_words ${source.words.join(' ')}`
    case 'files':
      return '_chaperone_paths -f'
    case 'folders':
      return '_chaperone_paths -d'
    case 'ask':
      return `_chaperone_ask ${source.what}`
    case 'free':
      return ':'
  }
}
