import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parseCast } from '../../src/recording/read.ts'
import { openPty, type Pty } from '../support/pty.ts'
import { temporaryFolder } from '../support/tmp.ts'

const chaperoned = new URL('chaperoned.ts', import.meta.url).pathname
const leader = '\x1d'
/** The bottom row of a terminal that nobody has resized. */
const status = 'STATUS 80x20'

interface Story extends AsyncDisposable {
  readonly pty: Pty
  readonly folder: string
}

/** A shell outside, which runs the command in the compositor and then says how that ended. */
async function outside(command: string, before = ''): Promise<Story> {
  await using cleanup = new AsyncDisposableStack()
  const { path: folder } = cleanup.use(await temporaryFolder())
  const script = `echo the user was here; stty -a | sed 1d > before; ${before}
    "$0" "$1" "$2" ${command}; code=$?
    stty -a | sed 1d > after; cmp before after && echo "same terminal"; echo "code $code"; read line; echo "got $line"`
  const args = ['-c', script, process.execPath, chaperoned, folder]
  const pty = cleanup.use(openPty('bash', args, { cols: 80, rows: 20, cwd: folder }))
  const owned = cleanup.move()
  return { pty, folder, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const prompt = `bash --norc -c 'PS1="in> " exec bash --norc'`

async function recorded(folder: string): Promise<string> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.cast')) ?? ''
  const { events } = await parseCast(createReadStream(join(folder, file)))
  return events.flatMap(({ code, data }) => (code === 'o' ? [data] : [])).join('')
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid='])
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}

/** The compositor's process: the only child of the outer shell while it runs. */
async function compositorOf(pty: Pty): Promise<number> {
  const [pid] = await childrenOf(pty.pid)
  if (pid === undefined) throw new Error('The compositor is not running.')
  return pid
}

async function expectRestored({ pty }: Story, code: number): Promise<void> {
  await pty.waitForScreen(`code ${code}`)
  expect(pty.text()).toContain('same terminal')
  expect(pty.text()).not.toContain('STATUS')
  expect(pty.onAlternateScreen).toBe(false)
  const output = pty.output()
  expect(output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(output.lastIndexOf('\x1b[?25l'))
  expect(output.lastIndexOf('\x1b[?7h')).toBeGreaterThan(output.lastIndexOf('\x1b[?7l'))
  expect(output.lastIndexOf('\x1b[?2004l')).toBeGreaterThan(output.lastIndexOf('\x1b[?2004h'))
  pty.type('goodbye\r')
  await pty.waitForScreen('got goodbye')
}

describe('a shell under the chrome', () => {
  test('echoes what is typed, above the status row, and loses nothing the user had on the screen', async () => {
    await using story = await outside(prompt)
    const { pty } = story
    await pty.waitForScreen('in>')
    pty.type('echo $((40+2)); tput lines\r')
    await pty.waitForScreen(/\n42\n19\nin>/)
    expect(pty.row(-1)).toBe(status)
    expect(pty.scrollback().join('\n')).toContain('the user was here')
    pty.type('exit 3\r')
    await expectRestored(story, 3)
  })

  test('lines that leave the screen reach the terminal once and in order', async () => {
    await using story = await outside(`sh -c 'seq 1 300; read x'`)
    const { pty } = story
    await pty.waitForScreen('\n300\n')
    const numbers = [...pty.scrollback(), ...pty.text().split('\n')].filter((line) => /^\d+$/.test(line))
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => String(index + 1)))
  })

  test('a flood is cut visibly, and recorded whole', async () => {
    await using story = await outside(`sh -c 'seq 1 40000; exit 0'`)
    const { pty, folder } = story
    await expectRestored(story, 0)
    expect(pty.scrollback().join('\n')).toMatch(/… \d+ lines, see recording/)
    const lines = Array.from({ length: 40_000 }, (_, index) => `${index + 1}\r\n`)
    expect((await recorded(folder)).endsWith(lines.join(''))).toBe(true)
  })

  test('less takes the alternate screen and gives the main screen back', async () => {
    await using story = await outside(prompt)
    const { pty } = story
    await pty.waitForScreen('in>')
    pty.type('echo kept; seq 500 700 | less\r')
    await pty.waitForScreen(/^500\n/)
    expect(pty.onAlternateScreen).toBe(true)
    expect(pty.row(-1)).toBe(status)
    pty.type('q')
    await pty.waitForScreen(/kept\nin>/)
    expect(pty.onAlternateScreen).toBe(false)
    expect(pty.row(-1)).toBe(status)
  })

  test('a resize reaches the program, the chrome and the recording', async () => {
    await using story = await outside(prompt)
    const { pty, folder } = story
    await pty.waitForScreen('in>')
    pty.resize(60, 12)
    await pty.waitForScreen('STATUS 60x12')
    pty.type('stty size\r')
    await pty.waitForScreen('11 60')
    expect(pty.row(-1)).toBe('STATUS 60x12')
    pty.type('exit\r')
    await expectRestored(story, 0)
    const [file = ''] = (await readdir(folder)).filter((name) => name.endsWith('.cast'))
    const { events } = await parseCast(createReadStream(join(folder, file)))
    expect(events.filter(({ code }) => code === 'r').map(({ data }) => data)).toEqual(['60x11'])
  })

  test('goes on in a terminal too small for anything', async () => {
    await using story = await outside(prompt)
    const { pty } = story
    await pty.waitForScreen('in>')
    pty.resize(3, 1)
    pty.resize(80, 20)
    await pty.waitForScreen(/STATUS 80x20$/)
    pty.type('echo $((40+2))\r')
    // A shell that hears of the second size late has drawn its prompt for three columns.
    await pty.waitForScreen(/\n42\n(?:in>|<)[^]*STATUS 80x20$/)
  })
})

describe('a hostile program', () => {
  const attacks: readonly (readonly [string, string])[] = [
    ['reset', '\\033c'],
    ['scroll region', '\\033[1;20r\\033[20;1Hforged'],
    ['row 999', '\\033[999;1Hforged'],
    ['origin mode', '\\033[5;6r\\033[?6h\\033[999;1Hforged'],
    ['erase all', '\\033[2J\\033[3J\\033[H\\033[J'],
    ['line feeds', '\\033[999;1H\\n\\n\\n\\n'],
    ['window manipulation', '\\033[8;5;5t\\033[2t'],
    ['clipboard', '\\033]52;c;Zm9yZ2Vk\\007'],
    ['title', '\\033]2;STATUS forged\\007'],
    ['unfinished sequence', '\\033]0;'],
    ['132 columns', '\\033[?40h\\033[?3h'],
  ]

  test.each(attacks)('cannot change the status row: %s', async (_name, attack) => {
    await using story = await outside(`sh -c 'printf "${attack}"; printf "\\033\\\\\\\\done"; read x; exit 5'`)
    const { pty } = story
    await pty.waitForScreen((text) => text.includes('done') && text.includes(status))
    expect(pty.row(-1)).toBe(status)
    expect(pty.output()).not.toContain('\x1b]52')
    expect(pty.output()).not.toContain('\x1b]2;STATUS')
    expect(pty.output()).not.toContain('\x1b[8;5;5t')
    pty.type('\r')
    await expectRestored(story, 5)
  })

  test('its questions are answered by the model and never asked outside', async () => {
    await using story = await outside(`bash -c 'printf "\\033[6n"; IFS= read -rs -d R x; printf "%q" "$x"; read y'`)
    const { pty } = story
    await pty.waitForScreen("$'\\E[1;1'")
    expect(pty.output()).not.toContain('\x1b[6n')
  })

  test('what it leaves switched on is switched off', async () => {
    await using story = await outside(
      `sh -c 'printf "\\033[?1049h\\033[?1003h\\033[?1006h\\033[?25l\\033[?1004h\\033[5 qlast"; read x'`,
    )
    const { pty } = story
    await pty.waitForScreen('last')
    expect(pty.onAlternateScreen).toBe(true)
    expect(pty.output()).toContain('\x1b[?1003h')
    pty.type('\r')
    await expectRestored(story, 0)
    const output = pty.output()
    for (const off of ['\x1b[?1003l', '\x1b[?1006l', '\x1b[?1004l', '\x1b[0 q']) expect(output).toContain(off)
  })

  test('the leader in its output does nothing', async () => {
    await using story = await outside(`sh -c 'printf "\\035\\035before"; read x'`)
    await story.pty.waitForScreen('before')
    expect(story.pty.text()).not.toContain('drawer')
  })
})

describe('a flood of what is costly to show', () => {
  const flood = `sh -c 'printf begun; read x; printf "\\033[2J\\033[Hflood"; i=0; while [ $i -lt 500 ]; do printf "\\033[18L\\033[18M"; i=$((i+1)); done > part; while :; do cat part; done'`

  test('leaves the keys to the user, and the way out to the system', async () => {
    await using story = await outside(flood)
    const { pty } = story
    await pty.waitForScreen('begun')
    pty.type('\r')
    await pty.waitForScreen('flood')
    pty.type(leader)
    await pty.waitForScreen('-- drawer --')
    pty.type('x')
    await pty.waitForScreen('last: text "x" true')
    process.kill(await compositorOf(pty), 'SIGTERM')
    await expectRestored(story, 143)
  })
})

describe('the leader', () => {
  test('opens the drawer, which then has the keys; once more closes it', async () => {
    await using story = await outside(prompt)
    const { pty } = story
    await pty.waitForScreen('in>')
    pty.type(leader)
    await pty.waitForScreen('-- drawer --')
    pty.type('x')
    await pty.waitForScreen('last: text "x" true')
    pty.type(leader)
    await pty.waitForScreen((text) => !text.includes('drawer'))
    pty.type('echo $((40+2))\r')
    await pty.waitForScreen('42')
    expect(pty.text()).not.toContain('xecho')
  })

  test('twice reaches the program', async () => {
    await using story = await outside('cat -v')
    const { pty } = story
    await pty.waitForScreen(status)
    pty.type(`${leader}${leader}\r`)
    await pty.waitForScreen('^]')
    expect(pty.text()).not.toContain('drawer')
  })

  test('is data inside a paste, and the program sees no paste marks it did not ask for', async () => {
    await using story = await outside('cat -v')
    const { pty } = story
    await pty.waitForScreen(status)
    pty.type(`\x1b[200~a${leader}b\x1b[201~\r`)
    await pty.waitForScreen(/a\^\]b\n/)
    expect(pty.text()).not.toContain('drawer')
    expect(pty.text()).not.toContain('200~')
  })

  test('then z gives the terminal to the outer shell until it is continued', async () => {
    await using folder = await temporaryFolder()
    await using pty = openPty('bash', ['--norc', '-i'], { cols: 80, rows: 20, cwd: folder.path, env: { PS1: 'out> ' } })
    pty.type(`clear; ${process.execPath} ${chaperoned} ${folder.path} ${prompt}\r`)
    await pty.waitForScreen(/in>[^]*STATUS 80x20$/)
    pty.type(`${leader}z`)
    await pty.waitForScreen(/Stopped[^]*out>$/)
    expect(pty.text()).not.toContain('STATUS')
    pty.type('echo $((40+1))\r')
    await pty.waitForScreen('41')
    pty.type('fg\r')
    await pty.waitForScreen(/^in>[^]*STATUS 80x20$/)
    pty.type('echo $((40+2))\r')
    await pty.waitForScreen(/42\nin>/)
  })
})

describe('the way out', () => {
  test('SIGTERM hangs the program up and gives the terminal back', async () => {
    await using story = await outside(prompt)
    await story.pty.waitForScreen('in>')
    process.kill(await compositorOf(story.pty), 'SIGTERM')
    await expectRestored(story, 143)
  })

  test('a killed program on the alternate screen leaves the terminal as it was', async () => {
    await using story = await outside(`sh -c 'printf "\\033[?1049h\\033[?1000hup"; read x'`)
    await story.pty.waitForScreen('up')
    const [program = 0] = await childrenOf(await compositorOf(story.pty))
    process.kill(program, 'SIGKILL')
    await expectRestored(story, 137)
  })

  test('a crash gives the terminal back', async () => {
    await using story = await outside(
      prompt,
      'export NODE_OPTIONS="--import $PWD/crash.mjs"; echo "process.on(\'SIGUSR2\', () => { throw new Error(\'crash\') })" > crash.mjs;',
    )
    await story.pty.waitForScreen('in>')
    process.kill(await compositorOf(story.pty), 'SIGUSR2')
    await expectRestored(story, 1)
  })

  test('a recording that cannot be written ends the program', async () => {
    await using story = await outside(`sh -c 'seq 1 100000; sleep 100'`, `trap '' XFSZ; ulimit -f 64;`)
    await expectRestored(story, 1)
    expect(story.pty.output()).toContain('could not be recorded')
  })

  test('a burst before the exit is recorded to the last byte', async () => {
    await using story = await outside(`sh -c 'head -c 200000 /dev/zero | tr "\\0" x; printf end'`)
    await expectRestored(story, 0)
    expect(await recorded(story.folder)).toBe(`${'x'.repeat(200_000)}end`)
  })
})

describe('the colours of the real terminal', () => {
  const asks = String.raw`bash -c 'read -r go; stty -icanon -echo; printf "\e]11;?\e\\"; IFS= read -r -d "\\" answer; printf "told %q\n" "$answer"'`

  test('are asked for at once, told to programs that ask, and never typed into anything', async () => {
    await using story = await outside(asks)
    const { pty } = story
    await pty.waitForScreen(status)
    expect(pty.output()).toContain('\x1b]11;?\x1b\\')
    pty.type('\x1b]10;rgb:eeee/eeee/eeee\x1b\\\x1b]11;rgb:1212/3434/')
    pty.type('5656\x07\x1b[?62;22c')
    pty.type('go\r')
    await pty.waitForScreen(/told .*11;rgb:1212\/3434\/5656/)
    await expectRestored(story, 0)
  })

  test('that come only after the program has ended do not become input of the shell', async () => {
    await using story = await outside('true')
    const { pty } = story
    await pty.waitForScreen(() => pty.output().includes('\x1b[c'))
    pty.type('\x1b]11;rgb:1212/3434/5656\x1b\\\x1b[?62c')
    await expectRestored(story, 0)
    expect(pty.text()).not.toContain('1212')
  })
})
