import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findKept } from '../../src/commands/kept.ts'
import { stateFolders } from '../../src/config/state.ts'
import { temporaryFolder } from '../support/tmp.ts'

test.each([
  ['half a file', '{"kind":"Keeper","pid":'],
  ['what another version wrote', '{"kind":"Guardian"}'],
  [
    'the number of a process that is no keeper',
    JSON.stringify({
      kind: 'Keeper',
      pid: process.pid,
      session: { id: 's-abcdefgh', startedAt: '2026-11-23T06:00:00Z' },
      command: ['bash'],
    }),
  ],
])('a session folder with %s is passed over, so that other shells are found', async (_what, text) => {
  await using folder = await temporaryFolder()
  const folders = stateFolders(folder.path)
  const session = join(folders.run, 'sessions', 's-abcdefgh')
  await mkdir(session, { recursive: true })
  await writeFile(join(session, 'keeper.json'), text)
  await expect(findKept(folders, 'latest')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
})
