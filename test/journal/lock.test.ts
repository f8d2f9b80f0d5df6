import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { livingWriter, lockFolder } from '../../src/journal/lock.ts'
import { toFault } from '../../src/model/fault.ts'
import { temporaryFolder } from '../support/tmp.ts'

const dead = (id: string) => `{"pid":4194305,"started":"1","id":"${id}"}\n`

/** The lock, as soon as nobody has it. */
async function locked(folder: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      return await lockFolder(folder)
    } catch (thrown) {
      expect(toFault(thrown).code).toBe('ERR_JOURNAL')
      await setImmediate()
    }
  }
}

it('is held by one at a time, however many take it over, let go and come again', async () => {
  await using folder = await temporaryFolder()
  let holders = 0
  let most = 0
  let taken = 0
  for (let round = 0; round < 20; round++) {
    // Whoever died held it alone: each round begins as after a crash.
    await writeFile(join(folder.path, 'writer.lock'), dead(String(round)), { flag: 'wx' })
    const worker = async () => {
      for (let times = 0; times < 3; times++) {
        const release = await locked(folder.path)
        most = Math.max(most, ++holders)
        taken++
        await setImmediate()
        holders--
        await release()
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    expect(await readdir(folder.path)).toEqual([])
  }
  expect([most, taken]).toEqual([1, 20 * 8 * 3])
})

it('passes over writers that died one after the other, and removes what they left when it is let go', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'writer.lock'), dead('a'))
  for (const id of ['b', 'c']) {
    const before = await readdir(folder.path)
    await lockFolder(folder.path)
    const own = (await readdir(folder.path)).find((name) => !before.includes(name)) ?? ''
    await writeFile(join(folder.path, own), dead(id))
  }
  expect(await livingWriter(folder.path)).toBeUndefined()
  const release = await lockFolder(folder.path)
  expect(await livingWriter(folder.path)).toBe(process.pid)
  expect(await readdir(folder.path)).toHaveLength(4)
  await expect(lockFolder(folder.path)).rejects.toThrow(`Process ${process.pid} already`)
  await release()
  expect(await readdir(folder.path)).toEqual([])
})
