import { execFile } from 'node:child_process'
import { appendFile, chmod, cp, mkdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openJournal } from '../../src/journal/journal.ts'
import { searchJournal, verifyJournal } from '../../src/journal/reader.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import { auditEvent, clock, linesOf, newKey, segmentsOf, temporaryFolder } from './support.ts'

const run = promisify(execFile)
const signingKey = newKey()
const keys = [signingKey.publicKey]

async function collect(source: AsyncIterable<AuditEvent>): Promise<string[]> {
  const found: string[] = []
  for await (const event of source) found.push(`${event.auditID} ${event.stage}`)
  return found
}

describe('writing', () => {
  test('what is durable is in the file when append resolves, as audit.k8s.io/v1', async () => {
    await using folder = await temporaryFolder()
    await using journal = await opened(folder.path)
    await journal.append(auditEvent('a'), 'durable')
    const last = JSON.parse((await linesOf(folder.path)).at(-1) ?? '') as { event: AuditEvent }
    expect(last.event).toEqual(auditEvent('a'))
  })

  test('what is to be written soon reaches the file without another call', async () => {
    await using folder = await temporaryFolder()
    await using journal = await opened(folder.path)
    await journal.append(auditEvent('a'), 'soon')
    await expect
      .poll(async () => (await linesOf(folder.path)).join(), { interval: 1, timeout: 10_000 })
      .toContain('"auditID":"a"')
  })

  test('many callers at once keep their own order, and one chain', async () => {
    await using folder = await temporaryFolder()
    await using journal = await opened(folder.path)
    const caller = async (name: number) => {
      for (let n = 0; n < 20; n++) await journal.append(auditEvent(`${name}-${n}`), n % 2 ? 'durable' : 'soon')
    }
    await Promise.all(Array.from({ length: 32 }, (_, name) => caller(name)))
    const found = await collect(journal.search({}))
    expect(found).toHaveLength(640)
    expect(found.filter((line) => line.startsWith('7-'))).toEqual(
      Array.from({ length: 20 }, (_, n) => `7-${n} ResponseComplete`),
    )
    expect(await journal.verify()).toMatchObject({ ok: true, events: 640, unsignedEvents: 0 })
  })

  test('sha256sum of a line is what the next line says', async () => {
    await using folder = await temporaryFolder()
    await write(folder.path, ['a', 'b'])
    const [segment = ''] = await segmentsOf(folder.path)
    const { stdout } = await run('sh', ['-c', 'sed -n 2p "$1" | sha256sum', 'sh', join(folder.path, segment)])
    const third = JSON.parse((await linesOf(folder.path))[2] ?? '') as { prev: string }
    expect(stdout).toContain(third.prev)
  })

  test('the chain goes on through segments and restarts', async () => {
    await using folder = await temporaryFolder()
    for (const name of ['one', 'two', 'three']) {
      await write(
        folder.path,
        Array.from({ length: 20 }, (_, n) => `${name}-${n}`),
        { segmentBytes: 2000 },
      )
    }
    const sequence = (await linesOf(folder.path)).map((line) => (JSON.parse(line) as { seq: number }).seq)
    expect(sequence).toEqual(sequence.map((_, index) => index + 1))
    expect(await verifyJournal(folder.path, { keys })).toMatchObject({ ok: true, events: 60, closed: true })
    expect((await segmentsOf(folder.path)).length).toBeGreaterThan(9)
  })

  test('an idle journal is signed after a bounded time', async () => {
    await using folder = await temporaryFolder()
    await using journal = await opened(folder.path, { checkpointMs: 20 })
    await journal.append(auditEvent('a'), 'durable')
    await expect.poll(() => checkpoints(folder.path), { timeout: 10_000 }).toBe(1)
  })

  test('a busy journal is signed after a bounded number of lines', async () => {
    await using folder = await temporaryFolder()
    await using journal = await opened(folder.path, { checkpointLines: 5 })
    for (let n = 0; n < 4; n++) await journal.append(auditEvent(String(n)), 'durable')
    expect(await checkpoints(folder.path)).toBe(0)
    await journal.append(auditEvent('fifth'), 'durable')
    expect(await checkpoints(folder.path)).toBe(1)
  })

  test('after close nothing is accepted', async () => {
    await using folder = await temporaryFolder()
    const journal = await openJournal({ folder: folder.path, signingKey, clock })
    await journal.close()
    await expect(journal.append(auditEvent('late'), 'soon')).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
  })

  test('an event too large to be one is refused, and others go on', async () => {
    await using folder = await temporaryFolder()
    await using journal = await opened(folder.path)
    const huge = auditEvent('huge', { requestURI: 'x'.repeat(2 ** 20) })
    await expect(journal.append(huge, 'durable')).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
    await journal.append(auditEvent('small'), 'durable')
    expect(await collect(journal.search({}))).toEqual(['small ResponseComplete'])
  })
})

describe('starting', () => {
  test('a request that was received and never completed gets a closing line with outcome unknown', async () => {
    await using folder = await temporaryFolder()
    const limits = { segmentBytes: 1000 }
    await using journal = await opened(folder.path, limits)
    for (const id of ['lost', 'done']) await journal.append(auditEvent(id, { stage: 'RequestReceived' }), 'durable')
    for (const id of ['done', 'x', 'y', 'z']) await journal.append(auditEvent(id), 'durable')
    await using next = await opened(await afterKill(folder.path))
    expect(next.notices).toEqual(['1 requests were unfinished; their outcome is unknown.'])
    const events = await next.get('lost')
    expect(events.map((event) => [event.stage, event.annotations['chaperone/outcome']])).toEqual([
      ['RequestReceived', undefined],
      ['Panic', 'unknown'],
    ])
    expect(await next.get('done')).toHaveLength(2)
    expect((await next.verify()).ok).toBe(true)
  })

  test('a torn last line is moved aside, reported, and the journal verifies again', async () => {
    await using folder = await temporaryFolder()
    await write(folder.path, ['a'])
    const path = join(folder.path, 'journal-00000001.jsonl')
    await appendFile(path, '{"seq":4,"prev":"abc')
    expect((await verifyJournal(folder.path, { keys })).problems).toMatchObject([
      { problem: 'the last line is incomplete' },
    ])
    await using journal = await opened(folder.path)
    expect(journal.notices).toEqual(['An incomplete last line of 20 bytes was moved to a .torn file.'])
    expect(await readFile(`${path}.torn`, 'utf8')).toBe('{"seq":4,"prev":"abc')
    expect((await verifyJournal(folder.path, { keys })).ok).toBe(true)
  })

  test('a journal whose end was changed, cut, or lost its last checkpoint is not continued', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'journal-00000001.jsonl')
    const damages = [
      async () => truncate(path, (await stat(path)).size - 350),
      async () => truncate(path, Buffer.byteLength((await linesOf(folder.path))[0] ?? '') + 1),
      async () => appendFile(path, '{"seq":9}\n'),
      async () => rm(join(folder.path, 'head.json')),
      async () => rm(path),
    ]
    for (const damage of damages) {
      await rm(folder.path, { recursive: true, force: true })
      await write(folder.path, ['a', 'b'])
      await damage()
      await expect(openJournal({ folder: folder.path, signingKey, clock }), String(damage)).rejects.toMatchObject({
        code: 'ERR_JOURNAL',
        advice: expect.stringContaining('aside, and a new journal begins'),
      })
    }
  })

  test('a journal that another key signed, or none, is not continued', async () => {
    for (const other of [{ signingKey: newKey() }, {}]) {
      await using folder = await temporaryFolder()
      const journal = await openJournal({ folder: folder.path, clock, ...other })
      await journal.append(auditEvent('forged'), 'durable')
      await journal.close()
      await expect(openJournal({ folder: folder.path, signingKey, clock })).rejects.toMatchObject({
        code: 'ERR_JOURNAL',
      })
    }
  })

  test('a first writer that was killed before anything was asked of it does not stand in the way', async () => {
    await using folder = await temporaryFolder()
    await using _journal = await opened(folder.path)
    const copy = await afterKill(folder.path)
    await rm(join(copy, 'head.json'))
    await write(copy, ['a'])
    expect(await verifyJournal(copy, { keys })).toMatchObject({ ok: true, events: 1 })
  })

  test('a folder that others may enter is refused', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.path)
    await chmod(folder.path, 0o750)
    await expect(openJournal({ folder: folder.path, clock })).rejects.toMatchObject({ code: 'ERR_JOURNAL' })
  })

  test('files and folder belong to their owner alone', async () => {
    await using folder = await temporaryFolder()
    await write(folder.path, ['a'])
    const mode = async (name: string) => (await stat(join(folder.path, name))).mode & 0o777
    expect(await mode('')).toBe(0o700)
    for (const name of ['journal-00000001.jsonl', 'head.json', 'signing-key.pub']) expect(await mode(name)).toBe(0o600)
  })
})

describe('searching', () => {
  const events = [
    auditEvent('1', { stageTimestamp: '2026-11-23T06:00:00.000000Z', user: { username: 'grace' } }),
    auditEvent('2', { verb: 'delete', annotations: { 'chaperone/decision': 'hold', 'chaperone/held': 'h-abc234' } }),
    auditEvent('3', {
      objectRef: { resource: 'deployments', apiGroup: 'apps', subresource: 'scale', namespace: 'web' },
    }),
    auditEvent('4', { annotations: { 'chaperone/session': 's-1', 'chaperone/command': 'kubectl get pods -n SHOP' } }),
    auditEvent('5', { stageTimestamp: '2026-11-23T08:00:00.000000Z', verb: 'watch' }),
  ]
  test.each([
    [{}, '12345'],
    [{ user: 'grace' }, '1'],
    [{ verb: 'delete' }, '2'],
    [{ decision: 'hold' }, '2'],
    [{ held: 'h-abc234' }, '2'],
    [{ resource: 'pods' }, '1245'],
    [{ resource: 'deployments' }, '3'],
    [{ resource: 'deployments.apps/scale' }, '3'],
    [{ resource: 'deployments/scale', namespace: 'web' }, '3'],
    [{ resource: 'deployments', namespace: 'shop' }, ''],
    [{ session: 's-1' }, '4'],
    [{ text: '-N shop' }, '4'],
    [{ since: '2026-11-23T07:00:00Z' }, '5'],
    [{ until: '2026-11-23T08:00:00Z' }, '1234'],
    [{ auditID: '3' }, '3'],
  ])('%j finds %s', async (query, ids) => {
    await using folder = await temporaryFolder()
    await using journal = await opened(folder.path)
    for (const event of events) await journal.append(event, 'soon')
    expect((await collect(journal.search(query))).map((line) => line[0]).join('')).toBe(ids)
    expect((await collect(searchJournal(folder.path, query))).map((line) => line[0]).join('')).toBe(ids)
  })

  test('a time that is none is refused', async () => {
    await using folder = await temporaryFolder()
    await expect(collect(searchJournal(folder.path, { since: 'yesterday' }))).rejects.toMatchObject({
      code: 'ERR_USAGE',
    })
  })
})

async function opened(folder: string, limits = {}) {
  return disposable(await openJournal({ folder, signingKey, clock, limits }))
}

async function checkpoints(folder: string): Promise<number> {
  return (await linesOf(folder)).filter((line) => line.includes('"reason":"progress"')).length
}

function disposable<T extends { close(): Promise<void> }>(journal: T): T & AsyncDisposable {
  return Object.assign(journal, { [Symbol.asyncDispose]: () => journal.close() })
}

async function write(folder: string, ids: readonly string[], limits = {}): Promise<void> {
  const journal = await openJournal({ folder, signingKey, clock, limits })
  for (const id of ids) await journal.append(auditEvent(id), 'durable')
  await journal.close()
}

/** What the folder would hold if its writer were killed now. */
async function afterKill(folder: string): Promise<string> {
  const copy = `${folder}-after-kill`
  await cp(folder, copy, { recursive: true })
  await rm(join(copy, 'writer.lock'))
  return copy
}
