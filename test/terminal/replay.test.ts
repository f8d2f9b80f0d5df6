import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
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
    pty.type(']')
    pty.type(']')
    await pty.waitForScreen(/^\n*last\n+[^l]*‖ 00:03 \/ 00:03 {2}4×/)
    pty.type('\x1b[D')
    await pty.waitForScreen(/^one\n\n[^]*‖ 00:00/)
    pty.type('m')
    await pty.waitForScreen(/‖ 00:00[^\n]*first mark/)
    pty.type('m')
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
    pty.type('.')
    await pty.waitForScreen(/^one\ntwo\nthree\n/)
    pty.type('M')
    await pty.waitForScreen(/^one\n(?!two)[^]*‖ 00:00[^\n]*first mark/)
    pty.type('q')
    expect(await pty.exit).toEqual({ code: 0, signal: 0 })
  })

  test('a terminal smaller than the recording shows what fits', async () => {
    await using recording = await openStory('play')
    await using pty = openPty(process.execPath, recording.args, { cols: 12, rows: 2 })
    await pty.waitForScreen(/^one\n/)
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
  })

  test('finds events and markers by time', () => {
    expect([-1, 0, 2.9, 3].map((seconds) => timeline.indexAfter(seconds))).toEqual([0, 1, 2, 3])
    expect(timeline.markerAt(1)?.data).toBe('mark')
    expect(timeline.markerAt(0.9)).toBeUndefined()
    expect(timeline.markerAfter(1)).toBeUndefined()
    expect(timeline.markerBefore(1)).toBeUndefined()
  })
})
