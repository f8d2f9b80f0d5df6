import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { withLock } from '../../src/identity/lock-file.ts'
import { temporaryFolder } from '../support/tmp.ts'

it.each([
  ['of a process that is gone', '4194305 x\n'],
  ['that is empty', ''],
])('of many that meet over a lock %s one works at a time, and nothing is left', async (_what, content) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  let working = 0
  let most = 0
  for (let round = 0; round < 5; round++) {
    await writeFile(path, content, { flag: 'wx' })
    const work = async () => {
      most = Math.max(most, ++working)
      await setImmediate()
      working--
    }
    await Promise.all(Array.from({ length: 6 }, () => withLock(path, work)))
    expect(await readdir(folder.path)).toEqual([])
  }
  expect(most).toBe(1)
})
