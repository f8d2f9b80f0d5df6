import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findRecording } from '../../src/recording/library.ts'
import { parseCast } from '../../src/recording/read.ts'
import { openRecording } from '../../src/recording/writer.ts'
import { HandClock, optionsFor, temporaryFolder } from './support.ts'

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const versions = [2, 3] as const

describe('a recording', () => {
  test('in version 3 holds header, output, resize, marker and exit, times as intervals', async () => {
    await using folder = await temporaryFolder()
    const clock = new HandClock()
    const recording = await openRecording(optionsFor(folder.path), clock)
    recording.output(Buffer.from('$ '))
    clock.ms = 250.4
    recording.resize(80, 24)
    recording.resize(100, 30)
    clock.ms = 1250.4
    recording.marker('denied: kubectl delete ns "shop"')
    await recording.end(130)
    expect(basename(recording.path)).toBe('20261123T063015Z-s-abcd2345.cast')
    expect((await readFile(recording.path, 'utf8')).split('\n')).toEqual([
      '{"version":3,"term":{"cols":80,"rows":24,"type":"xterm-256color"},"timestamp":1795415415,"command":"kubectl get pods","title":"ada on practice","env":{"SHELL":"/bin/bash"}}',
      '[0.000, "o", "$ "]',
      '[0.250, "r", "100x30"]',
      '[1.000, "m", "denied: kubectl delete ns \\"shop\\""]',
      '[0.000, "x", "130"]',
      '',
    ])
  })

  test('in version 2 has absolute times and the size at the top', async () => {
    await using folder = await temporaryFolder()
    const clock = new HandClock()
    const recording = await openRecording(optionsFor(folder.path, { version: 2 }), clock)
    clock.ms = 1000.5
    recording.output(Buffer.from('\u001b[1m\u0085\u2028\u007f'))
    await recording.end(0)
    expect((await readFile(recording.path, 'utf8')).split('\n')).toEqual([
      '{"version":2,"width":80,"height":24,"timestamp":1795415415,"command":"kubectl get pods","title":"ada on practice","env":{"SHELL":"/bin/bash","TERM":"xterm-256color"}}',
      '[1.000500, "o", "\\u001b[1m\\u0085\\u2028\\u007f"]',
      '[1.000500, "x", "0"]',
      '',
    ])
  })

  test('tells at its end what a listing tells later', async () => {
    await using folder = await temporaryFolder()
    const clock = new HandClock()
    const recording = await openRecording(optionsFor(folder.path), clock)
    clock.ms = 1500
    recording.marker('held h-abc234')
    clock.ms = 3000
    const info = await recording.end(2)
    expect(info).toMatchObject({ durationSeconds: 3, exitStatus: 2, startedAt: '2026-11-23T06:30:15Z' })
    expect(info.markers).toEqual([{ seconds: 1.5, label: 'held h-abc234' }])
    expect(await findRecording(folder.path, 'latest')).toEqual(info)
  })

  test('belongs to its owner alone', async () => {
    await using folder = await temporaryFolder()
    const recording = await openRecording(optionsFor(folder.path))
    await recording.end(0)
    expect((await stat(recording.path)).mode & 0o777).toBe(0o600)
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700)
  })

  test('is refused where others may read, where one exists already, and where no folder can be', async () => {
    await using folder = await temporaryFolder()
    const clock = new HandClock()
    const first = await openRecording(optionsFor(folder.path), clock)
    await expect(openRecording(optionsFor(folder.path), clock)).rejects.toMatchObject({ code: 'ERR_RECORDING' })
    await first.end(0)
    await chmod(folder.path, 0o755)
    await expect(openRecording(optionsFor(folder.path))).rejects.toMatchObject({ code: 'ERR_RECORDING' })
    await writeFile(join(folder.path, 'file'), '')
    const impossible = optionsFor(join(folder.path, 'file', 'recordings'))
    await expect(openRecording(impossible)).rejects.toMatchObject({ code: 'ERR_RECORDING' })
  })

  test('reaches the disk while the session idles, and after a crash handler ended it', async () => {
    await using folder = await temporaryFolder()
    const recording = await openRecording(optionsFor(folder.path))
    recording.output(Buffer.from('waiting for input'))
    await expect
      .poll(() => readFile(recording.path, 'utf8'), { interval: 5, timeout: 10_000 })
      .toContain('waiting for input')
    expect(recording.endSync(139).exitStatus).toBe(139)
    expect(await readFile(recording.path, 'utf8')).toMatch(/"x", "139"\]\n$/)
  })

  test('ends once: a late marker is too late, late output is an error, a second end says the same', async () => {
    await using folder = await temporaryFolder()
    const recording = await openRecording(optionsFor(folder.path))
    const info = await recording.end(0)
    recording.marker('late')
    recording.resize(1, 1)
    expect(() => recording.output(Buffer.from('late'))).toThrow('after the end')
    expect(await recording.end(1)).toEqual(info)
    expect(await findRecording(folder.path, 'latest')).toEqual(info)
  })
})

describe('bytes of the terminal', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        ...['e282', 'ac', 'f09f98', '80', 'ff', 'c0af', 'eda080', 'efbbbf', '00'].map((hex) => Buffer.from(hex, 'hex')),
      ),
    ),
    { maxLength: 30 },
  )

  test.each(versions)(
    'wherever they are split, version %d reads back what the whole would have shown',
    async (version) => {
      await using folder = await temporaryFolder()
      let run = 0
      await fc.assert(
        fc.asyncProperty(pieces, fc.boolean(), async (chunks, byteByByte) => {
          const recording = await openRecording(optionsFor(folder.path, { version, sessionID: `s-${run++}` }))
          const whole = Buffer.concat(chunks)
          for (const chunk of byteByByte ? Array.from(whole, (byte) => Buffer.of(byte)) : chunks)
            recording.output(chunk)
          await recording.end(0)
          const { events, notice } = await parseCast(createReadStream(recording.path))
          const shown = events.filter((event) => event.code === 'o').map((event) => event.data)
          expect(shown.join('')).toBe(whole.toString('utf8'))
          expect(shown).not.toContain('')
          expect(events.at(-1)).toMatchObject({ code: 'x', data: '0' })
          expect(notice).toBeUndefined()
        }),
        { numRuns: 150 },
      )
    },
  )
})

describe('times', () => {
  test.each(versions)('of version %d never drift from the clock, however many events there are', async (version) => {
    await using folder = await temporaryFolder()
    let run = 0
    const steps = fc.array(fc.double({ min: -5, max: 30, noNaN: true }), { maxLength: 300 })
    await fc.assert(
      fc.asyncProperty(steps, async (waits) => {
        const clock = new HandClock()
        const recording = await openRecording(optionsFor(folder.path, { version, sessionID: `s-${run++}` }), clock)
        const expected: number[] = []
        let latest = 0
        for (const wait of waits) {
          clock.ms += wait
          latest = Math.max(latest, clock.ms)
          expected.push(latest)
          recording.marker('')
        }
        await recording.end(0)
        const { events } = await parseCast(await readFile(recording.path, 'utf8'))
        for (const [index, ms] of expected.entries()) {
          expect(Math.abs((events[index]?.seconds ?? 0) * 1000 - ms)).toBeLessThan(version === 3 ? 0.5001 : 0.001)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a recorder that is killed', () => {
  test.each([
    [3, 0],
    [3, 70],
    [3, 200],
    [2, 120],
  ])('in the middle of a flood (version %d, after %d KB) leaves a file that plays', async (version, kilobytes) => {
    await using folder = await temporaryFolder()
    await mkdir(folder.path, { mode: 0o700 })
    const child = spawn(process.execPath, [program('flat-out.ts'), folder.path, String(version)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const [path] = (await once(createInterface(child.stdout), 'line')) as [string]
    await expect
      .poll(async () => (await stat(path)).size, { interval: 1, timeout: 10_000 })
      .toBeGreaterThan(kilobytes * 1024)
    const before = linesShown(await readFile(path, 'utf8'))
    child.kill('SIGKILL')
    await exited
    const cast = await readFile(path, 'utf8')
    expect(cast.endsWith('\n')).toBe(true)
    const { events, notice } = await parseCast(cast)
    expect(notice).toBeUndefined()
    const shown = events
      .map((event) => event.data)
      .join('')
      .split('\r\n')
      .slice(0, -1)
    expect(shown.length).toBeGreaterThanOrEqual(before)
    for (const [index, line] of shown.entries()) expect(line).toBe(`line ${index} ${'é€😀'.repeat((index + 1) % 90)}`)
    expect((await findRecording(folder.path, 'latest')).exitStatus).toBeUndefined()
  })
})

function linesShown(cast: string): number {
  return cast.split('\\r\\n').length - 1
}

test('a disk that is full fails the recording, tells it once, and leaves whole lines', async () => {
  await using folder = await temporaryFolder()
  const limited = `trap '' XFSZ; ulimit -S -f 100; exec "$0" "$@"`
  const child = spawn('bash', ['-c', limited, process.execPath, program('small-disk.ts'), folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  expect(JSON.parse(line)).toEqual({ told: 1, code: 'ERR_RECORDING', failed: 'ERR_RECORDING' })
  const [file = ''] = await readdir(folder.path)
  const cast = await readFile(join(folder.path, file), 'utf8')
  expect(cast.endsWith('\n')).toBe(true)
  expect((await parseCast(cast)).events.length).toBeGreaterThan(50)
  expect(cast).not.toContain('after')
})

test('a disk without room for the header starts no recording and leaves no file', async () => {
  await using folder = await temporaryFolder()
  const limited = `trap '' XFSZ; ulimit -S -f 0; exec "$0" "$@"`
  const child = spawn('bash', ['-c', limited, process.execPath, program('small-disk.ts'), folder.path], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = text(child.stderr)
  expect(await once(child, 'exit')).toEqual([1, null])
  expect(await said).toContain('ERR_RECORDING')
  expect(await readdir(folder.path)).toEqual([])
})
