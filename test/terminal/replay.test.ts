import { execFile } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Timeline } from '../../src/terminal/timeline.ts'
import { openPty } from '../support/pty.ts'
import { temporaryFolder } from '../support/tmp.ts'

const playing = new URL('playing.ts', import.meta.url).pathname

const story = [
  { version: 2, width: 40, height: 5 },
  [0, 'o', 'one\r\n'],
  [0.1, 'm', 'first mark'],
  [0.2, 'o', '\u001b]52;c;Zm9yZ2Vk\u0007two\r\n'],
  [1000, 'r', '50x6'],
  [1000, 'o', 'three\r\n'],
  [1000.1, 'm', 'second mark'],
  [1001, 'o', '\u001b[?1049hlast'],
  [1001.1, 'x', '0'],
]

async function openStory(how: 'play' | 'print') {
  await using cleanup = new AsyncDisposableStack()
  const { path } = cleanup.use(await temporaryFolder())
  const file = join(path, 'story.cast')
  await writeFile(file, story.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const owned = cleanup.move()
  return { args: [playing, how, file], [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

describe('playing a recording', () => {
  test('plays to the end, goes back and forth, and gives the terminal back', async () => {
    await using recording = await openStory('play')
    const script = 'echo before; "$@"; echo code $?'
    await using pty = openPty('sh', ['-c', script, 'sh', process.execPath, ...recording.args], { cols: 110, rows: 12 })
    await pty.waitForScreen(/^one\ntwo\n[^]*first mark[^]*q quit/)
    expect(pty.onAlternateScreen).toBe(true)
    pty.type('+')
    pty.type('+')
    await pty.waitForScreen(/^\n*last\n+[^l]*‖ 00:03 \S+ 00:03 {2}4×/)
    pty.type('\x1b[D')
    await pty.waitForScreen(/^one\n\n[^]*‖ 00:00/)
    pty.type(']')
    await pty.waitForScreen(/‖ 00:00[^\n]*first mark/)
    pty.type(']')
    await pty.waitForScreen(/^one\ntwo\nthree\n[^]*‖ 00:02[^\n]*second mark/)
    pty.type('q')
    await pty.waitForScreen('code 0')
    expect(pty.text()).toBe('before\ncode 0')
    expect(pty.onAlternateScreen).toBe(false)
    expect(pty.output()).not.toContain('\x1b]52')
  })

  test('steps from event to event while paused', async () => {
    await using recording = await openStory('play')
    await using pty = openPty(process.execPath, recording.args, { cols: 110, rows: 12 })
    await pty.waitForScreen(/^one\ntwo\n[^]*▶/)
    pty.type('.')
    await pty.waitForScreen(/^one\ntwo\n[^]*‖ 00:02/)
    expect(pty.text()).toMatch(/16:39 of silence cut/)
    pty.type('.')
    await pty.waitForScreen(/^one\ntwo\nthree\n/)
    pty.type('[')
    await pty.waitForScreen(/^one\n(?!two)[^]*‖ 00:00[^\n]*first mark/)
    pty.type('q')
    expect(await pty.exit).toEqual({ code: 0, signal: 0 })
  })

  test('finds words, lists markers, goes to times, and explains its keys', async () => {
    await using recording = await openStory('play')
    await using pty = openPty(process.execPath, recording.args, { cols: 110, rows: 24 })
    await pty.waitForScreen(/^one\ntwo\n[^]*▶/)
    pty.type('/')
    await pty.waitForScreen(/Search: *\n/)
    pty.type('THREf\x7fe\r')
    await pty.waitForScreen(/^one\ntwo\nthree\n[^]*‖ [^]*found “THREe”/)
    pty.type('n')
    await pty.waitForScreen(/no later “THREe”/)
    pty.type('g')
    await pty.waitForScreen(/Go to \(90, 1:30\): *\n/)
    pty.type('0:00\r')
    await pty.waitForScreen(/^one\n(?!two)[^]*‖ 00:00/)
    pty.type('l')
    await pty.waitForScreen(/2 markers[^]*▸ 00:00 {2}first mark *\n +00:02 {2}second mark/)
    pty.type('\x1b[B')
    await pty.waitForScreen(/▸ 00:02 {2}second mark/)
    pty.type('\r')
    await pty.waitForScreen(/^one\ntwo\nthree\n(?![^]*2 markers)[^]*◆ second mark/)
    pty.type('?')
    await pty.waitForScreen(/Shift ← → +back and forth a minute/)
    pty.type('x')
    await pty.waitForScreen((screen) => !screen.includes('back and forth'))
    pty.type(',')
    await pty.waitForScreen(/^one\ntwo\nthree\n/)
    pty.type('\x04')
    expect(await pty.exit).toEqual({ code: 0, signal: 0 })
  })

  test('a recording that is still written is followed to its end', async () => {
    await using cleanup = new AsyncDisposableStack()
    const { path } = cleanup.use(await temporaryFolder())
    const file = join(path, 'live.cast')
    const line = (...event: unknown[]) => `${JSON.stringify(event)}\n`
    await writeFile(file, `${JSON.stringify({ version: 3, term: { cols: 40, rows: 5 } })}\n${line(0, 'o', 'one\r\n')}`)
    await using pty = openPty(process.execPath, [playing, 'follow', file], { cols: 90, rows: 12 })
    await pty.waitForScreen(/^one\n[^]*● 00:00[^]* live /)
    await appendFile(file, line(0.5, 'o', 'two\r\n').slice(0, 9))
    await appendFile(file, line(0.5, 'o', 'two\r\n').slice(9))
    await pty.waitForScreen(/^one\ntwo\n[^]*●/)
    await appendFile(file, line(0.1, 'm', 'a mark') + line(0.1, 'o', 'three') + line(0.1, 'x', '0'))
    await pty.waitForScreen(/^one\ntwo\nthree\n[^]*‖ 00:00[^]*◆ a mark/)
    pty.type('q')
    expect(await pty.exit).toEqual({ code: 0, signal: 0 })
  })

  test('a long recording goes back to where it was, cell by cell', async () => {
    await using cleanup = new AsyncDisposableStack()
    const { path } = cleanup.use(await temporaryFolder())
    const file = join(path, 'long.cast')
    const lines = Array.from({ length: 30_000 }, (_, n) => [
      n / 1000,
      'o',
      `\u001b[3${n % 8}mline ${n}\u001b[0m and more\r\n`,
    ])
    const cast = [{ version: 2, width: 60, height: 10 }, ...lines]
    await writeFile(file, cast.map((one) => `${JSON.stringify(one)}\n`).join(''))
    await using pty = openPty(process.execPath, [playing, 'play', file], { cols: 90, rows: 12 })
    await pty.waitForScreen(/▶/)
    pty.type(' g10\r')
    const before = await pty.waitForScreen(/line 10000 and more\n[^]*‖ 00:10/)
    pty.type('\x1b[F')
    await pty.waitForScreen(/line 29999 and more\n[^]*‖ 00:29/, 20_000)
    pty.type('g')
    await pty.waitForScreen(/Go to/)
    pty.type('10\r')
    await pty.waitForScreen(/line 10000 and more\n[^]*‖ 00:10/, 20_000)
    const rows = (text: string) => text.split('\n').slice(0, 10).join('\n')
    expect(rows(pty.text())).toBe(rows(before))
    pty.type('q')
    await pty.exit
  })

  test('of a recording taller than the terminal that part is shown in which something happens, and it is said', async () => {
    await using cleanup = new AsyncDisposableStack()
    const { path } = cleanup.use(await temporaryFolder())
    const file = join(path, 'tall.cast')
    const output = Array.from({ length: 30 }, (_, n) => `line ${n + 1}`).join('\r\n')
    await writeFile(
      file,
      `${JSON.stringify({ version: 2, width: 60, height: 30 })}\n${JSON.stringify([0, 'o', output])}\n`,
    )
    await using pty = openPty(process.execPath, [playing, 'play', file], { cols: 110, rows: 11 })
    await pty.waitForScreen(/^line 21\n[^]*line 30\n[^]*60×30, cut to fit/)
    pty.resize(110, 40)
    await pty.waitForScreen(/^line 1\n[^]*line 30\n(?![^]*cut to fit)[^]*story/)
    pty.type('q')
    await pty.exit
  })

  test('a terminal smaller than the recording shows what fits', async () => {
    await using recording = await openStory('play')
    await using pty = openPty(process.execPath, recording.args, { cols: 12, rows: 2 })
    await pty.waitForScreen(/^last\n/)
    pty.type('q')
    expect(await pty.exit).toEqual({ code: 0, signal: 0 })
  })

  test('printing writes all output and nothing else', async () => {
    await using recording = await openStory('print')
    const { stdout } = await promisify(execFile)(process.execPath, recording.args)
    const output = story.flatMap((line) => (Array.isArray(line) && line[1] === 'o' ? [line[2]] : []))
    expect(stdout).toBe(output.join(''))
  })
})

describe('the timeline', () => {
  const timeline = new Timeline([
    { seconds: 0, code: 'o', data: 'a' },
    { seconds: 1, code: 'm', data: 'mark' },
    { seconds: 500, code: 'o', data: 'b' },
  ])

  test('cuts silence to two seconds', () => {
    expect(timeline.events.map(({ seconds }) => seconds)).toEqual([0, 1, 3])
    expect(timeline.duration).toBe(3)
    expect(timeline.cutAt(2.9)).toBeUndefined()
    expect(timeline.cutAt(3)).toEqual({ seconds: 3, silence: 499 })
  })

  test('finds events and markers by time', () => {
    expect([-1, 0, 2.9, 3].map((seconds) => timeline.indexAfter(seconds))).toEqual([0, 1, 2, 3])
    expect(timeline.markerAt(1)?.data).toBe('mark')
    expect(timeline.markerAt(0.9)).toBeUndefined()
    expect(timeline.markerAfter(1)).toBeUndefined()
    expect(timeline.markerBefore(1)).toBeUndefined()
  })
})
