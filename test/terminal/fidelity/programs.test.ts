import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { requireProgram } from '../../support/require.ts'
import { temporaryFolder } from '../../support/tmp.ts'
import { expectSamePictures, type Step } from './both.ts'
import type { Picture } from './picture.ts'

/** A home with files to look at; nothing in it is personal, so that programs behave the same everywhere. */
let home: { readonly path: string } & AsyncDisposable
let env: Record<string, string>

const source = Array.from({ length: 120 }, (_, index) =>
  index % 10 === 0 ? `/* part ${index}: "größe" 漢字 */` : `static int value_${index} = ${index * 7}; // note ${index}`,
).join('\n')

beforeAll(async () => {
  home = await temporaryFolder()
  const { path } = home
  env = { HOME: path, LESS: '', GIT_CONFIG_NOSYSTEM: '1', HISTFILE: '/dev/null', EDITOR: 'true', LESSHISTFILE: '-' }
  await writeFile(join(path, 'source.c'), `${source}\n`)
  await mkdir(join(path, 'tree', 'branch'), { recursive: true })
  await writeFile(join(path, 'tree', 'leaf.txt'), 'leaf\n')
  await writeFile(join(path, '.gitconfig'), '[user]\nname = A\nemail = a@b\n[init]\ndefaultBranch = main\n')
  await writeFile(
    join(path, 'tmux.conf'),
    'set -g status-right ""\nset -g status-left "inner "\nset -g mouse on\nset -g automatic-rename off\nset -g destroy-unattached on\nset -g default-command "PS1=\'in> \' bash --norc"\n',
  )
  await writeFile(join(path, 't.1'), '.TH T 1\n.SH NAME\nt \\- \\fBbold\\fP \\fIunder\\fP word\n')
  const git = (...args: string[]) =>
    promisify(execFile)(requireProgram('git'), args, {
      cwd: join(path, 'tree'),
      env: { ...process.env, ...env, ...dates },
    })
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-qm', 'first')
  await writeFile(join(path, 'tree', 'leaf.txt'), Array.from({ length: 80 }, (_, i) => `leaf ${i}`).join('\n'))
  await git('commit', '-qam', 'second')
})
afterAll(() => home[Symbol.asyncDispose]())

const dates = { GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' }
const escape = '\x1b'
const vim = ['vim', '-Nu', 'NONE', '-n', '-i', 'NONE', '--cmd', 'set ttimeoutlen=20 ruler showcmd nomore']

interface Told {
  readonly name: string
  /** What has to be installed, when the command does not begin with it. */
  readonly program?: string
  readonly command: readonly string[]
  readonly size?: readonly [number, number]
  readonly env?: Record<string, string>
  readonly steps: readonly Step[]
  readonly levels?: (picture: Picture) => Picture
}

const stories: readonly Told[] = [
  {
    name: 'vim: colours, editing, visual, split, resize, mouse',
    command: [...vim, '-c', 'syntax on', '-c', 'set mouse=a ttymouse=sgr', 'source.c'],
    steps: [
      { shows: 'value_1 =' },
      { keys: 'O', shows: 'INSERT' },
      // While it is typed in, vim brings its ruler up to date when it finds the time.
      { keys: `new line 漢字 e\u0301${escape}`, shows: /^(?![^]*INSERT)[^]*new line 漢字/ },
      { keys: 'jVjj', shows: 'VISUAL LINE' },
      { keys: `${escape}:split\r`, shows: /source\.c[^]*source\.c/ },
      { keys: `${escape}[<0;9;5M${escape}[<0;9;5m`, shows: /\d+,\d/ },
      { size: [100, 30], shows: 'value_13' },
      { keys: ':set termguicolors hlsearch\r/value\r', shows: '/value' },
      { keys: ':only\rG', shows: 'note 119' },
    ],
  },
  {
    name: 'vim in a large window',
    command: [...vim, '-c', 'syntax on', 'source.c'],
    size: [400, 119],
    steps: [{ shows: 'value_109' }],
  },
  {
    name: 'less: pages, search, resize',
    command: ['less', 'source.c'],
    steps: [
      { shows: 'source.c' },
      { keys: ' ', shows: 'note 42' },
      { keys: '/part 70\r', shows: 'part 70' },
      { size: [60, 15], shows: 'part 70' },
      // The last row that the new size has room for: a key before less has drawn it is lost.
      { size: [120, 39], shows: 'note 107' },
      { keys: 'G', shows: '(END)' },
    ],
  },
  {
    name: 'nano: typing, search, help',
    command: ['nano', '-I', 'source.c'],
    steps: [
      { shows: 'source.c' },
      { keys: 'hello ', shows: 'hello /* part 0' },
      { keys: '\x17value_51\r', shows: 'note 51' },
      { keys: '\x07', shows: 'Main nano help text' },
    ],
  },
  {
    name: 'tmux inside: split, status, copy mode, mouse',
    command: [
      'sh',
      '-c',
      `exec tmux -S "$(mktemp -d ./tmux.XXXX)/s" -f tmux.conf new-session "PS1='in> ' bash --norc"`,
    ],
    steps: [
      { shows: 'in>' },
      { keys: 'seq 1 50\r', shows: '50\nin>' },
      { keys: '\x02"', shows: /in>[^]*─{40}/ },
      { keys: '\x02%', shows: '│in>' },
      { keys: '\x02[', shows: '[0/' },
      { keys: 'q', shows: /^(?![^]*\[0\/)/ },
      { keys: `${escape}[<0;5;3M${escape}[<0;5;3m`, shows: 'in>' },
    ],
    levels: (picture) => ({ ...picture, title: '' }),
  },
  {
    name: 'git log -p in its pager',
    command: ['git', '-C', 'tree', '-c', 'color.ui=always', '-c', 'core.pager=less -R', 'log', '-p'],
    steps: [{ shows: 'second' }, { keys: ' ', shows: 'leaf 20' }, { keys: 'G', shows: /first[^]*\(END\)/ }],
  },
  {
    name: 'fzf',
    program: 'fzf',
    command: ['sh', '-c', 'seq 1 1000 | fzf --no-mouse'],
    steps: [
      { shows: '1000/1000' },
      { keys: '77', shows: '> 77' },
      { keys: '\x0b', shows: /^> 770/m },
      { keys: '9', shows: '> 779' },
    ],
  },
  {
    name: 'bash: history search, completion, wrapped line, jobs',
    command: ['env', 'PS1=in> ', 'bash', '--norc', '-i'],
    steps: [
      { shows: 'in>' },
      { keys: 'echo one two\r', shows: '\none two' },
      { keys: '\x12one', shows: "`one': echo" },
      { keys: '\x07ls tree/l\t', shows: 'ls tree/leaf.txt' },
      { keys: '\x15echo tree/\t\t', shows: 'branch/' },
      { keys: `\x15echo ${'long '.repeat(30)}stop.`, shows: /s\n?t\n?o\n?p\n?\./ },
      { keys: '\x01x', shows: 'xecho' },
      // Its name is on the screen before it runs, and Ctrl-Z would stop nothing.
      { keys: `\x15\x0bsh -c 'echo run""ning; exec sleep 100'\r`, shows: '\nrunning' },
      { keys: '\x1a', shows: 'Stopped' },
      { keys: 'jobs; fg\r', shows: /fg\n[^]*sleep 100'\n/ },
      { keys: '\x03', shows: /\^C\nin> *$/m },
      { keys: '\x13echo held\r\x11', shows: '\nheld' },
    ],
  },
  {
    name: 'zsh: right prompt, completion menu, several lines',
    command: ['zsh', '-f', '-i'],
    env: { PS1: 'in> ', RPS1: 'right' },
    steps: [
      { shows: /in> +right/ },
      {
        keys: 'autoload -U compinit; compinit -D; zstyle ":completion:*" menu select\r',
        shows: /\nin> +right/,
      },
      { keys: 'ls tree/\t', shows: 'leaf.txt' },
      // Ctrl-C during the completion itself would say what it killed.
      { keys: '\t', shows: /ls tree\/branch/ },
      { keys: '\x03', shows: /^(?![^]*leaf)/ },
      { keys: '\x03', shows: /ls tree\/ +right\nin> +right/ },
      { keys: 'for i in 1 2\ndo echo $i\ndone\n', shows: '\n2\n' },
    ],
  },
  {
    name: 'fish: suggestions, colours, completion pager',
    command: ['fish', '--private', '--no-config'],
    env: { SHELL: 'fish', fish_greeting: '' },
    steps: [
      { shows: /[#>$] *$/m },
      { keys: "function fish_prompt; echo 'in> '; end; function fish_title; end; clear\r", shows: /^in> *$/m },
      { keys: 'ls tree/\t', shows: 'leaf.txt' },
      // Whether Ctrl-C ends the pager or the line depends on which of the two fish is at; Ctrl-U ends both.
      { keys: '\x15echo "abc', shows: /^in> echo "abc/m },
    ],
  },
  {
    name: 'man with bold and underlined words',
    command: ['sh', '-c', 'man ./t.1'],
    env: { GROFF_SGR: '1' },
    steps: [{ shows: 'under word' }, { keys: '/bold\r', shows: 'bold' }],
  },
  {
    name: 'dialog: menu and yes-or-no',
    program: 'dialog',
    command: ['sh', '-c', 'dialog --menu "Pick größe" 15 50 5 a Alpha b Beta c Gamma; dialog --yesno "Sure?" 8 30'],
    steps: [{ shows: 'Gamma' }, { keys: `${escape}OB`, shows: 'Gamma' }, { keys: '\r', shows: 'Sure?' }],
  },
  {
    name: 'Midnight Commander: panels, menu, mouse',
    command: ['mc', '--nosubshell', '-x', 'tree', 'tree/branch'],
    steps: [
      { shows: 'leaf.txt' },
      { keys: `${escape}9`, shows: 'Left' },
      { keys: '\r', shows: /File listing|Listing/ },
    ],
    levels: (picture) => ({
      ...picture,
      rows: picture.rows.map((row) => row.replaceAll(/\d+[MGk]? ?\/ ?\d+[MGk]? ?\(\d+%\)/g, 'free')),
    }),
  },
]

describe('a program looks the same inside Chaperone as alone', () => {
  test.concurrent.each(stories)('$name', async ({ name, program, steps, command, ...more }) => {
    requireProgram(program ?? command[0] ?? name)
    await expectSamePictures({ ...more, command, steps, cwd: home.path, env: { ...env, ...more.env } })
  })
})
