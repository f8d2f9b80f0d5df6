import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRecording } from '../../src/recording/writer.ts'
import { readHistory } from '../../src/terminal/history.ts'
import { Keeper } from '../../src/terminal/keeper.ts'
import { isListening, openKept, type KeptPty } from '../../src/terminal/kept-pty.ts'
import { openPty } from '../../src/terminal/pty.ts'
import { recorded } from '../../src/terminal/recorded.ts'
import { unfinishedCharacter } from '../../src/terminal/utf8.ts'
import { optionsFor } from '../recording/support.ts'

let folder: string
let parts: AsyncDisposableStack
beforeEach(async () => {
  parts = new AsyncDisposableStack()
  folder = await mkdtemp(join(tmpdir(), 'keeper-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
})
afterEach(() => parts.disposeAsync())

async function keep(script: string, keepMs = 60_000): Promise<{ path: string; end: () => Promise<void> }> {
  const recorder = await openRecording(optionsFor(join(folder, 'recordings')))
  const env = { PATH: process.env['PATH'] ?? '' }
  const pty = recorded(openPty({ command: ['sh', '-c', script], env, cwd: folder, cols: 80, rows: 24 }), recorder)
  const path = join(folder, 'keeper.sock')
  const keeper = await Keeper.listen({
    pty,
    path,
    hello: { session: { id: 's-abcd2345' } as never, recording: recorder.path },
    flush: () => recorder.flush(),
    keepMs,
  })
  const end = async () => {
    const { exitStatus } = await pty.exited
    await recorder.end(exitStatus)
    await keeper.close({ exitStatus, counts: { requests: 0, held: 0, denied: 0, masked: 0 } })
  }
  return { path, end }
}

/** All that a face shows: what was put out before it came, then what it is sent until `enough` bytes, or `all` there are. */
async function seen(kept: KeptPty, enough: number, all = Infinity): Promise<Buffer> {
  const { recording, recordedBytes, hasHistory } = kept.hello
  const past = hasHistory ? await readHistory(recording, recordedBytes) : []
  const chunks: Buffer[] = past.flatMap((one) => ('bytes' in one ? [Buffer.from(one.bytes)] : []))
  const full = Promise.withResolvers<void>()
  const before = chunks.reduce((sum, { length }) => sum + length, 0)
  let live = 0
  const look = () => (live >= enough || before + live >= all) && full.resolve()
  kept.onOutput((bytes) => {
    chunks.push(bytes)
    live += bytes.length
    look()
  })
  look()
  await Promise.race([full.promise, kept.parting])
  return Buffer.concat(chunks)
}

test('faces that come while output floods show each byte once, in order, and cut no character', async () => {
  const lines = 60_000
  const { path, end } = await keep(`seq 1 ${lines} | sed 's/$/ ✓ 界/'`)
  const expected = Buffer.from(Array.from({ length: lines }, (_, at) => `${at + 1} ✓ 界\r\n`).join(''))
  for (let face = 0; face < 12; face += 1) {
    // A quick machine has put out everything before the last of them comes.
    const all = await seen(await openKept(path), 40_000 + 1_111 * face, expected.length)
    expect(expected.subarray(0, all.length).equals(all)).toBe(true)
  }
  const last = await openKept(path)
  const all = seen(last, Infinity)
  await end()
  expect(digest(await all)).toBe(digest(expected))
  expect(await last.parting).toMatchObject({ kind: 'exit', exit: { exitStatus: 0 } })
})

test('half a character that was put out before a face came is sent to it', async () => {
  const { path, end } = await keep(String.raw`stty -echo; printf 'a\342\234'; read go; printf '\223b'; read go`)
  await seen(await openKept(path), 3)
  const second = await openKept(path)
  const all = seen(second, 4)
  second.write(Buffer.from('\r'))
  expect((await all).toString()).toBe('a✓b')
  second.write(Buffer.from('\r'))
  await end()
})

test('whether a shell is kept can be asked without taking it from its terminal', async () => {
  const { path, end } = await keep('echo here; read go; echo on')
  const kept = await openKept(path)
  await seen(kept, 6)
  expect(await isListening(path)).toBe(true)
  const rest = seen(kept, 6)
  kept.write(Buffer.from('\r'))
  expect((await rest).toString()).toContain('on')
  await end()
  expect(await kept.parting).toMatchObject({ kind: 'exit' })
  expect(await isListening(path)).toBe(false)
  await expect(openKept(path)).rejects.toMatchObject({ code: 'ERR_TERMINAL' })
})

test('a first face that is slow to come still finds its shell; later its time counts', async () => {
  const { path, end } = await keep('stty -echo; echo here; read go', 1)
  await once(spawn('true'), 'exit')
  const kept = await openKept(path)
  expect((await seen(kept, 6)).toString()).toBe('here\r\n')
  kept.detach()
  await end()
  await expect(openKept(path)).rejects.toMatchObject({ code: 'ERR_TERMINAL' })
})

test('the beginning of a character is known by its bytes', () => {
  for (const text of ['é', '✓', '😀', 'aé', 'a']) {
    const bytes = Buffer.from(text)
    for (let end = 0; end <= bytes.length; end += 1) {
      const whole = new TextDecoder().decode(bytes.subarray(0, end), { stream: true })
      expect(unfinishedCharacter(bytes.subarray(0, end)).length).toBe(end - Buffer.byteLength(whole))
    }
  }
})

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

test('a program that its face made wait goes on when the face says so, not when the socket has room again', async () => {
  const told: string[] = []
  let put: (bytes: Buffer) => void = () => undefined
  const note = (word: string) => () => void told.push(word)
  const path = join(folder, 'keeper.sock')
  const exited = Promise.withResolvers<{ exitStatus: number }>()
  const keeper = await Keeper.listen({
    pty: {
      pid: 1,
      exited: exited.promise,
      onOutput: (listener) => void (put = listener),
      write: note('write'),
      resize: note('resize'),
      pause: note('pause'),
      resume: note('resume'),
      hangUp: note('hang up'),
    },
    path,
    hello: { session: { id: 's-abcd2345' } as never, recording: '' },
    flush: () => 0,
    keepMs: 60_000,
  })
  parts.defer(() => keeper.close({ exitStatus: 0, counts: { requests: 0, held: 0, denied: 0, masked: 0 } }))
  const kept = await openKept(path)
  parts.defer(() => kept.detach())
  const heard = (word: string) => expect.poll(() => told.at(-1)).toBe(word)
  kept.pause()
  await heard('pause')
  const since = told.length
  const all = Promise.withResolvers<void>()
  let read = 0
  kept.onOutput((bytes) => {
    read += bytes.length
    if (read === 4 << 20) all.resolve()
  })
  put(Buffer.alloc(4 << 20, 'x'))
  await all.promise
  kept.resize(80, 24)
  await heard('resize')
  expect(told.slice(since)).not.toContain('resume')
  kept.resume()
  await heard('resume')
})
