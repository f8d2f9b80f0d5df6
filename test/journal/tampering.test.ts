import { chmod, cp, mkdir, readFile, rm, rmdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openJournal } from '../../src/journal/journal.ts'
import { parseLine } from '../../src/journal/line.ts'
import { verifyJournal } from '../../src/journal/reader.ts'
import { auditEvent, clock, newKey, segmentsOf, temporaryFolder } from './support.ts'

const signingKey = newKey()
const keys = [signingKey.publicKey]

let folder: { path: string } & AsyncDisposable
let files: ReadonlyMap<string, Buffer>
beforeAll(async () => {
  folder = await temporaryFolder()
  for (const run of ['first', 'second']) await writeRun(folder.path, run)
  const names = [...(await segmentsOf(folder.path)), 'head.json']
  files = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder.path, name))] as const)),
  )
})
afterAll(() => folder[Symbol.asyncDispose]())

describe('a journal that was closed in order', () => {
  test('verifies as it is', async () => {
    const report = await verifyJournal(folder.path, { keys })
    expect(report).toMatchObject({ ok: true, problems: [], events: 6, unsignedEvents: 0, closed: true })
    expect(report.segments).toBeGreaterThan(1)
  })

  test('does not verify after any bit of any byte was flipped', async () => {
    const places = [...files].flatMap(([name, content]) => Array.from(content, (_, at) => ({ name, at })))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.integer({ min: 0, max: 7 }), async ({ name, at }, bit) => {
        const changed = Buffer.from(files.get(name) ?? '')
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(await verifyWith(name, changed)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('does not verify after it was cut at any line, by a writer who knows the format', async () => {
    for (const [name, content] of files) {
      for (let at = content.lastIndexOf('\n', -2); at !== -1; at = content.lastIndexOf('\n', at - 1)) {
        expect(await verifyWith(name, content.subarray(0, at + 1)), `${name} at ${at}`).toBe(false)
      }
    }
  })

  test('does not verify after any file was removed or emptied', async () => {
    for (const name of files.keys()) {
      expect(await verifyWith(name, undefined), name).toBe(false)
      expect(await verifyWith(name, Buffer.alloc(0)), name).toBe(false)
    }
  })

  test('does not verify after a line was removed, doubled or moved', async () => {
    const [name = ''] = files.keys()
    const lines = (files.get(name) ?? Buffer.alloc(0)).toString('utf8').split(/(?<=\n)/)
    for (const changed of [lines.toSpliced(1, 1), lines.toSpliced(1, 0, lines[1] ?? ''), lines.toReversed()]) {
      expect(await verifyWith(name, Buffer.from(changed.join('')))).toBe(false)
    }
  })

  test('names the file and the line of what was changed', async () => {
    const [name = ''] = files.keys()
    const content = (files.get(name) ?? Buffer.alloc(0)).toString('utf8')
    await writeFile(join(folder.path, name), content.replace('"username":"ada"', '"username":"eve"'))
    const { problems } = await verifyJournal(folder.path, { keys })
    await writeFile(join(folder.path, name), content)
    expect(problems[0]).toEqual({ file: name, line: 3, problem: 'the line before this one was changed or removed' })
  })
})

test('a journal rewritten from its start with another key is found with the broker’s key', async () => {
  await using forged = await temporaryFolder()
  const journal = await openJournal({ folder: forged.path, signingKey: newKey(), clock })
  await journal.append(auditEvent('nothing-happened'), 'durable')
  await journal.close()
  expect((await verifyJournal(forged.path)).ok).toBe(true)
  expect((await verifyJournal(forged.path, { keys })).problems[0]?.problem).toContain('key that is not known')
})

test('a journal whose signatures were stripped is found with the broker’s key', async () => {
  await using forged = await temporaryFolder()
  const journal = await openJournal({ folder: forged.path, clock })
  await journal.append(auditEvent('unsigned'), 'durable')
  await journal.close()
  expect((await verifyJournal(forged.path)).ok).toBe(true)
  expect((await verifyJournal(forged.path, { keys })).problems).toMatchObject([
    { problem: 'the journal was never signed' },
  ])
})

test('a cut that leaves an earlier checkpoint as the end is visible: the journal is not closed', async () => {
  await using copy = await temporaryFolder()
  await writeRun(copy.path, 'only')
  const [name = ''] = await segmentsOf(copy.path)
  const first = (await readFile(join(copy.path, name), 'utf8')).split(/(?<=\n)/)[0] ?? ''
  for (const other of (await segmentsOf(copy.path)).slice(1)) await rm(join(copy.path, other))
  await truncate(join(copy.path, name), first.length)
  await writeFile(join(copy.path, 'head.json'), first)
  expect(await verifyJournal(copy.path, { keys })).toMatchObject({ ok: true, closed: false, events: 0 })
})

describe('a journal that was put back to an earlier checkpoint, head.json included', () => {
  test('is found by the copy outside its folder, whoever looks, and is not continued', async () => {
    await using copy = await temporaryFolder()
    await using anchor = await openAnchor()
    for (const run of ['first', 'second']) await writeRun(copy.path, run, anchor.path)
    const anchored = { keys, anchorFolder: anchor.path }
    expect(await verifyJournal(copy.path, anchored)).toMatchObject({ ok: true, closed: true })
    for (const earlier of await checkpointEnds(copy.path)) {
      await using cut = await temporaryFolder()
      await cutAt(copy.path, cut.path, earlier)
      expect(await verifyJournal(cut.path, { keys }), 'which head.json does not show').toMatchObject({ ok: true })
      expect((await verifyJournal(cut.path, anchored)).problems).toEqual([
        {
          file: 'journal-head.json',
          line: 1,
          problem: 'the journal lacks the checkpoint that is kept here: its end was cut off or rewritten',
        },
      ])
      const start = openJournal({ folder: cut.path, signingKey, anchorFolder: anchor.path, clock })
      await expect(start).rejects.toMatchObject({
        code: 'ERR_JOURNAL',
        message: expect.stringContaining('was cut off') as string,
        advice: expect.stringContaining('journal-head.json of the trust folder aside') as string,
      })
    }
  })

  test('is not what a checkpoint looks like whose copy could be put in place only in part', async () => {
    await using folder = await temporaryFolder()
    await using anchor = await openAnchor()
    const journal = await openJournal({ folder: folder.path, signingKey, anchorFolder: anchor.path, clock })
    await journal.append(auditEvent('a'), 'durable')
    const head = join(folder.path, 'head.json')
    await rm(head)
    await mkdir(head)
    await expect(journal.verify()).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
    await rmdir(head)
    await journal.append(auditEvent('b'), 'durable')
    expect(await verifyJournal(folder.path, { keys, anchorFolder: anchor.path })).toMatchObject({ ok: true, events: 2 })
    await journal.close()
  })

  test('is not continued either once it was removed as a whole, or the copy was', async () => {
    await using copy = await temporaryFolder()
    await using anchor = await openAnchor()
    await writeRun(copy.path, 'only', anchor.path)
    const options = { signingKey, anchorFolder: anchor.path, clock }
    await using empty = await temporaryFolder()
    await expect(openJournal({ ...options, folder: empty.path })).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
    await rm(join(anchor.path, 'journal-head.json'))
    await expect(openJournal({ ...options, folder: copy.path })).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
    const { problems } = await verifyJournal(copy.path, { keys, anchorFolder: anchor.path })
    expect(problems).toMatchObject([{ file: 'journal-head.json', line: 0 }])
  })
})

test('a folder without a journal does not verify', async () => {
  await using empty = await temporaryFolder()
  expect((await verifyJournal(empty.path)).problems).toMatchObject([{ problem: 'there is no journal here' }])
})

test('no text makes the line parser throw, and none passes that is not a journal line', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant('{"seq":1,"prev":"","event":null}'))
  fc.assert(fc.property(anything, (text) => parseLine(text) === undefined))
})

async function writeRun(path: string, run: string, anchorFolder?: string): Promise<void> {
  const anchor = anchorFolder === undefined ? {} : { anchorFolder }
  const journal = await openJournal({ folder: path, signingKey, ...anchor, clock, limits: { segmentBytes: 1200 } })
  for (let n = 0; n < 3; n++) await journal.append(auditEvent(`${run}-${n}`), 'durable')
  await journal.close()
}

async function openAnchor(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await temporaryFolder()
  await mkdir(folder.path, { mode: 0o700 })
  return folder
}

interface Place {
  readonly segment: string
  readonly bytes: number
  readonly line: string
}

/** The ends of all checkpoint lines but the last one. */
async function checkpointEnds(path: string): Promise<Place[]> {
  const places: Place[] = []
  for (const segment of await segmentsOf(path)) {
    let bytes = 0
    for (const line of (await readFile(join(path, segment), 'utf8')).split(/(?<=\n)/)) {
      bytes += Buffer.byteLength(line)
      if (line.includes('"checkpoint":')) places.push({ segment, bytes, line })
    }
  }
  return places.slice(0, -1)
}

/** What somebody leaves behind who cuts the journal at a checkpoint and makes head.json fit. */
async function cutAt(from: string, to: string, { segment, bytes, line }: Place): Promise<void> {
  await cp(from, to, { recursive: true })
  await chmod(to, 0o700)
  for (const later of (await segmentsOf(to)).filter((name) => name > segment)) await rm(join(to, later))
  await truncate(join(to, segment), bytes)
  await writeFile(join(to, 'head.json'), line)
}

/** Verifies the journal with one file changed (or, without content, removed), and restores it. */
async function verifyWith(name: string, content: Uint8Array | undefined): Promise<boolean> {
  const path = join(folder.path, name)
  if (content === undefined) await rm(path)
  else await writeFile(path, content)
  const { ok } = await verifyJournal(folder.path, { keys })
  await writeFile(path, files.get(name) ?? '')
  return ok
}
