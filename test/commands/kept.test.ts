import { mkdir, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findKept, keptSocket } from '../../src/commands/kept.ts'
import { stateFolders, type StateFolders } from '../../src/config/state.ts'
import { temporaryFolder } from '../support/tmp.ts'

const kept = (id: string) =>
  JSON.stringify({
    kind: 'Keeper',
    pid: process.pid,
    session: { id, startedAt: '2026-11-23T06:00:00Z' },
    command: ['bash'],
  })

async function sessionFolder(folders: StateFolders, id: string, file: string): Promise<string> {
  const session = join(folders.run, 'sessions', id)
  await mkdir(session, { recursive: true })
  await writeFile(join(session, 'keeper.json'), file)
  return session
}

async function listening(session: string): Promise<AsyncDisposable> {
  const server = createServer((socket) => socket.destroy()).listen(keptSocket(session))
  await once(server, 'listening')
  return server
}

test.each([
  ['half a file', '{"kind":"Keeper","pid":'],
  ['what another version wrote', '{"kind":"Guardian"}'],
])('a keeper with %s is passed over with a word, and other shells are found', async (_what, file) => {
  await using folder = await temporaryFolder()
  const folders = stateFolders(folder.path)
  await using _broken = await listening(await sessionFolder(folders, 's-abcdefgh', file))
  const warnings: string[] = []
  const warn = (sentence: string) => void warnings.push(sentence)
  await expect(findKept(folders, 'latest', warn)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  expect(warnings).toEqual([expect.stringMatching(/passing over a kept shell: .*keeper\.json/)])
  await using _whole = await listening(await sessionFolder(folders, 's-bcdefghj', kept('s-bcdefghj')))
  expect(await findKept(folders, 'latest', warn)).toMatchObject({ session: { id: 's-bcdefghj' } })
})

test('a keeper that is gone is passed over without a word, whoever has its process id now', async () => {
  await using folder = await temporaryFolder()
  const folders = stateFolders(folder.path)
  await sessionFolder(folders, 's-abcdefgh', kept('s-abcdefgh'))
  const warn = (sentence: string) => expect.unreachable(sentence)
  await expect(findKept(folders, 'latest', warn)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
})
