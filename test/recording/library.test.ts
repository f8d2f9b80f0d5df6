import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findRecording, listRecordings } from '../../src/recording/library.ts'
import { openRecording } from '../../src/recording/writer.ts'
import { HandClock, optionsFor, temporaryFolder } from './support.ts'

async function record(folder: string, sessionID: string, atMs: number): Promise<void> {
  const clock = new HandClock()
  clock.ms = atMs
  await (await openRecording(optionsFor(folder, { sessionID }), clock)).end(0)
}

test('recordings are listed newest first, also within one second', async () => {
  await using folder = await temporaryFolder()
  await record(folder.path, 's-day-two', 86_400_000)
  await record(folder.path, 's-day-one', 0)
  await record(folder.path, 's-a-moment-later', 100)
  const found = await listRecordings(folder.path)
  expect(found.map((info) => info.sessionID)).toEqual(['s-day-two', 's-a-moment-later', 's-day-one'])
})

test('where nothing is recorded the list is empty, and latest is not found', async () => {
  await using folder = await temporaryFolder()
  expect(await listRecordings(folder.path)).toEqual([])
  await expect(findRecording(folder.path, 'latest')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
})

test('one is found by session, where the newest counts, and by file name', async () => {
  await using folder = await temporaryFolder()
  await record(folder.path, 's-one', 0)
  await record(folder.path, 's-one', 5000)
  await record(folder.path, 's-two', 9000)
  expect((await findRecording(folder.path, 's-one')).file).toBe('20261123T063020Z-s-one.cast')
  for (const asked of ['20261123T063015Z-s-one.cast', '20261123T063015Z-s-one']) {
    expect((await findRecording(folder.path, asked)).file).toBe('20261123T063015Z-s-one.cast')
  }
  for (const asked of ['s-thr', '../recordings/20261123T063015Z-s-one.cast', '']) {
    await expect(findRecording(folder.path, asked)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  }
})

test('one that runs has no exit status, one that is broken says so, other files are left alone', async () => {
  await using folder = await temporaryFolder()
  const running = await openRecording(optionsFor(folder.path, { sessionID: 's-running' }), new HandClock())
  await writeFile(join(folder.path, '20261122T000000Z-s-broken.cast'), 'nonsense\n')
  await writeFile(join(folder.path, 'README.cast'), 'not one of ours\n')
  const found = await listRecordings(folder.path)
  expect(found).toMatchObject([
    { sessionID: 's-running', durationSeconds: 0 },
    {
      sessionID: 's-broken',
      startedAt: '2026-11-22T00:00:00Z',
      bytes: 9,
      title: expect.stringContaining('(unreadable)'),
    },
  ])
  expect(found[0]?.exitStatus).toBeUndefined()
  await running.end(0)
})

test('a folder that is none is a failure, not an empty list', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.path, '')
  await chmod(folder.path, 0o600)
  await expect(listRecordings(folder.path)).rejects.toMatchObject({ code: 'ERR_RECORDING' })
})
