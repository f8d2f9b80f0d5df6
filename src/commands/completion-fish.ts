import type { CommandWords, OptionWords, Source } from './completion-words.ts'

/** The script for fish 3.1 and newer. */
export function fishScript(commands: readonly CommandWords[]): string {
  const taking = new Set(
    commands.flatMap(({ options }) => options.flatMap(({ name, value }) => (value === undefined ? [] : [`--${name}`]))),
  )
  return `# fish completion for chaperone
function __chaperone_ask
    chaperone __complete $argv[1] -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end

# The command and how many words it has been given; nothing after the two dashes.
function __chaperone_place
    set -l command
    set -l position 0
    set -l value
    for word in (commandline -opc)[2..-1]
        if test -n "$value"
            set value
        else if contains -- $word ${[...taking].join(' ')}
            set value $word
            test -n "$command"; or set command shell
        else if test "$word" = --
            return 1
        else if string match -q -- '-*' $word
            test -n "$command"; or set command shell
        else if test -z "$command"
            set command $word
        else
            set position (math $position + 1)
        end
    end
    echo "$command:$position"
end

function __chaperone_in
    string match -q -- "$argv[1]:*" (__chaperone_place)
end

function __chaperone_at
    contains -- (__chaperone_place) $argv
end

# A command of one's own after the two dashes is completed as it would be alone.
function __chaperone_own
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words); or return 1
    if test $at -eq (count $words)
        complete -C (commandline -ct | string collect)
    else
        complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..-1]) (commandline -ct))
    end
end

complete -c chaperone -f
complete -c chaperone -n 'contains -- -- (commandline -opc)' -a '(__chaperone_own)'
${commands.map(({ name, summary }) => `complete -c chaperone -n '__chaperone_at :0' -a ${name} -d ${quoted(summary)}`).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`
}

function commandLines({ name, options, positions }: CommandWords): readonly string[] {
  // The shell is the default: its options also stand alone.
  const isHere = name === 'shell' ? "'__chaperone_in shell; or __chaperone_at :0'" : `'__chaperone_in ${name}'`
  return [
    ...options.map((option) => `complete -c chaperone -n ${isHere} ${optionFlags(option)}`),
    ...positions.map((source, at) => `complete -c chaperone -n '__chaperone_at ${name}:${at}' ${offer(source)}`),
  ]
}

function optionFlags({ name, value, words }: OptionWords): string {
  const about = words === '' ? '' : ` -d ${quoted(words)}`
  return `-l ${name}${value === undefined ? '' : ` -r ${offer(value)}`}${about}`
}

function offer(source: Source): string {
  switch (source.kind) {
    case 'words':
      return `-f -a '${source.words.join(' ')}'`
    case 'files':
      return '-F'
    case 'folders':
      return "-f -a '(__fish_complete_directories (commandline -ct))'"
    case 'ask':
      return `-f -a '(__chaperone_ask ${source.what})'`
    case 'free':
      return '-f'
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
