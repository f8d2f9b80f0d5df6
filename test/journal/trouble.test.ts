import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openJournal, type Journal } from '../../src/journal/journal.ts'
import { verifyJournal } from '../../src/journal/reader.ts'
import { SegmentFile } from '../../src/journal/segment-file.ts'
import { auditEvent, clock, linesOf, newKey, temporaryFolder } from './support.ts'

const signingKey = newKey()
const program = (name: string) => fileURLToPath(new URL(name, import.meta.url))

describe('a writer that is killed', () => {
  test.each([1, 40, 300])('after %d requests, all that it acknowledged is there', async (count) => {
    await using folder = await temporaryFolder()
    const pem = signingKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const child = spawn(process.execPath, [program('flat-out.ts'), folder.path, signingKey.keyID, pem], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const acknowledged: string[] = []
    for await (const line of createInterface(child.stdout)) {
      if (acknowledged.push(line) === count) child.kill('SIGKILL')
    }
    await exited
    const journal = await openJournal({ folder: folder.path, signingKey, clock })
    const received = new Set<string>()
    const ended = new Set<string>()
    for await (const event of journal.search({}))
      (event.stage === 'RequestReceived' ? received : ended).add(event.auditID)
    expect(acknowledged.filter((id) => !received.has(id))).toEqual([])
    expect(ended).toEqual(received)
    await journal.close()
    const report = await verifyJournal(folder.path, { keys: [signingKey.publicKey] })
    expect(report).toMatchObject({ ok: true, closed: true, unsignedEvents: 0 })
  })
})

describe('a disk that is full', () => {
  test('stops the journal, is told once, and once there is room again nothing accepted is missing', async () => {
    await using folder = await temporaryFolder()
    const limited = `trap '' XFSZ; ulimit -S -f 40; exec "$0" "$@"`
    const child = spawn('bash', ['-c', limited, process.execPath, program('small-disk.ts'), folder.path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const said: string[] = []
    for await (const line of createInterface(child.stdout)) {
      said.push(line)
      const failures = said.filter((one) => one.startsWith('failed'))
      if (line === failures[3])
        spawn('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'], { stdio: 'inherit' })
      if (failures.length > 3 && line.startsWith('ok')) child.stdin.end()
    }
    expect(await exited).toEqual([0, null])
    expect(said.filter((line) => line === 'told')).toHaveLength(1)
    const failed = said.filter((line) => line.startsWith('failed'))
    expect(failed.every((line) => line.startsWith('failed ERR_JOURNAL'))).toBe(true)
    const written = (await linesOf(folder.path)).join('\n')
    const accepted = said.filter((line) => line.startsWith('ok')).map((line) => line.slice(3))
    const missing = [...accepted, 'soon-before', ...accepted.map((id) => id.replace('id', 'soon'))].filter(
      (id) => !written.includes(`"auditID":"${id}"`),
    )
    expect(missing).toEqual([])
    const rejected = failed.map((line) => line.split(' ')[2] ?? '').filter((id) => !accepted.includes(id))
    expect(rejected.filter((id) => written.includes(`"auditID":"${id}"`))).toEqual([])
    const acceptedWhenItFilled = (failed[0] ?? '').replace('failed ERR_JOURNAL id', 'soon')
    expect(written).toContain(`"auditID":"${acceptedWhenItFilled}"`)
    expect((await verifyJournal(folder.path)).ok).toBe(true)
  })

  test('still takes what makes things safer, from the room kept for it, and nothing else until there is room', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.path)
    const disk = join(folder.path, 'disk')
    await mkdir(disk)
    const mount = `mount -t tmpfs -o size=4m none "$1" && "$2" "$3" "$1" && cp -r "$1/journal" "$4"`
    const copy = join(folder.path, 'copy')
    const args = ['--map-root-user', '--mount', 'sh', '-c', mount, 'sh', disk, process.execPath]
    const { stdout } = await promisify(execFile)('unshare', [...args, program('full-disk.ts'), copy])
    const said = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    )
    const names = (how: string) => [...said].filter(([, one]) => one === how).map(([name]) => name)
    const denials = Array.from({ length: 50 }, (_, n) => `deny-${n}`)
    expect(names('ok').toSorted()).toEqual(['before', 'deny-again', 'deny-beside', 'room-again', ...denials].toSorted())
    expect(names('ERR_JOURNAL')).toEqual(expect.arrayContaining(['ordinary-3', 'still-full', 'beside-deny']))
    const written = (await linesOf(copy)).join('\n')
    for (const name of names('ok')) expect(written).toContain(`"auditID":"${name}"`)
    for (const name of names('ERR_JOURNAL')) expect(written).not.toContain(`"auditID":"${name}"`)
    expect(await verifyJournal(copy)).toMatchObject({ ok: true })
  })

  test('leaves nothing behind of a batch that was written in part', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.path)
    const segment = await SegmentFile.open(folder.path, 1, 0)
    await segment.write(Buffer.from('a long line, given up\n'))
    await segment.write(Buffer.from('kept\n'))
    segment.keep()
    await segment.close()
    expect(await linesOf(folder.path)).toEqual(['kept'])
  })
})

test('a segment that is removed while it is written stops the journal', async () => {
  await using folder = await temporaryFolder()
  const told: string[] = []
  const journal = await openJournal({
    folder: folder.path,
    signingKey,
    clock,
    onFailure: (fault) => told.push(fault.code),
  })
  await journal.append(auditEvent('a'), 'durable')
  await rm(join(folder.path, 'journal-00000001.jsonl'))
  await expect(journal.append(auditEvent('b'), 'durable')).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
  await expect(journal.append(auditEvent('c'), 'soon')).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
  expect(told).toEqual(['ERR_JOURNAL'])
  await expect(journal.close()).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
})

describe('one writer', () => {
  test('a second one is refused and names the first; after the first closed it may', async () => {
    await using folder = await temporaryFolder()
    const first = await openJournal({ folder: folder.path, signingKey, clock })
    await expect(openJournal({ folder: folder.path, signingKey, clock })).rejects.toThrow(
      `Process ${process.pid} already`,
    )
    await first.append(auditEvent('still-working'), 'durable')
    await first.close()
    await (await openJournal({ folder: folder.path, signingKey, clock })).close()
  })

  test.each([
    ['of a process that is gone', { pid: 2 ** 22 + 1, started: '1', id: 'x' }],
    ['whose process number went to another', { pid: process.pid, started: '1', id: 'x' }],
    ['that is empty', undefined],
  ])('a lock %s is taken over', async (_, lock) => {
    await using folder = await temporaryFolder()
    await (await openJournal({ folder: folder.path, signingKey, clock })).close()
    await writeFile(join(folder.path, 'writer.lock'), lock === undefined ? '' : `${JSON.stringify(lock)}\n`)
    await (await openJournal({ folder: folder.path, signingKey, clock })).close()
  })

  test('of many that start over one stale lock, exactly one writes', async () => {
    await using folder = await temporaryFolder()
    await (await openJournal({ folder: folder.path, signingKey, clock })).close()
    await writeFile(join(folder.path, 'writer.lock'), '{"pid":4194305,"started":"1","id":"x"}\n')
    const attempts = await Promise.allSettled(
      Array.from({ length: 12 }, () => openJournal({ folder: folder.path, signingKey, clock })),
    )
    const won = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
    expect(won).toHaveLength(1)
    await Promise.all(won.map((journal: Journal) => journal.close()))
    expect((await verifyJournal(folder.path, { keys: [signingKey.publicKey] })).ok).toBe(true)
  })
})

test('a writer that is dead but not yet buried by its parent holds no lock', async () => {
  await using folder = await temporaryFolder()
  // The child ends once its parent has become a program that never asks for its children.
  const script = '(read nothing <&3) & echo $!; exec 3<&-; exec sleep 30'
  const parent = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  const [line] = (await once(createInterface(parent.stdout as Readable), 'line')) as [string]
  const comm = async () => await readFile(`/proc/${parent.pid}/comm`, 'utf8')
  while ((await comm()) !== 'sleep\n') await new Promise((resolve) => setImmediate(resolve))
  ;(parent.stdio[3] as Writable).end()
  const stat = async () => await readFile(`/proc/${line}/stat`, 'utf8')
  while (!(await stat()).includes(') Z ')) await new Promise((resolve) => setImmediate(resolve))
  const started = (await stat()).split(') ')[1]?.split(' ')[19]
  await mkdir(folder.path, { mode: 0o700 })
  await writeFile(join(folder.path, 'writer.lock'), `${JSON.stringify({ pid: Number(line), started, id: 'x' })}\n`)
  try {
    const journal = await openJournal({ folder: folder.path, signingKey, clock })
    await journal.close()
  } finally {
    parent.kill()
  }
})

const python = spawnSync('python3', ['--version']).status === 0

test.runIf(python)('a writer whose main thread has ended keeps its lock while another thread may write', async () => {
  await using folder = await temporaryFolder()
  const script = [
    'import ctypes, os, sys, threading',
    'threading.Thread(target=sys.stdin.read).start()',
    'print(os.getpid(), flush=True)',
    'ctypes.CDLL(None).pthread_exit(None)',
  ]
  const writer = spawn('python3', ['-c', script.join('\n')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(writer.stdout), 'line')) as [string]
  const stat = async () => await readFile(`/proc/${line}/stat`, 'utf8')
  while (!(await stat()).includes(') Z ')) await new Promise((resolve) => setImmediate(resolve))
  const started = (await stat()).split(') ')[1]?.split(' ')[19]
  await mkdir(folder.path, { mode: 0o700 })
  await writeFile(join(folder.path, 'writer.lock'), `${JSON.stringify({ pid: Number(line), started, id: 'x' })}\n`)
  await expect(openJournal({ folder: folder.path, signingKey, clock })).rejects.toThrow(`Process ${line} already`)
  writer.stdin.end()
})
