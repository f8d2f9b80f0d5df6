import { chmod, mkdir, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isOursAlone } from '../../src/config/compile-cache.ts'
import { temporaryFolder } from '../support/tmp.ts'

describe('the folder of compiled code', () => {
  test('is made for this user alone', async () => {
    await using home = await temporaryFolder()
    const folder = join(home.path, 'cache', 'chaperone', 'compiled')
    expect(isOursAlone(folder)).toBe(true)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect(isOursAlone(folder)).toBe(true)
  })

  test.each([
    ['others may write to it', async (folder: string) => chmod(folder, 0o777)],
    ['others may write to the folder above', async (folder: string) => chmod(join(folder, '..'), 0o777)],
  ])('is not used when %s', async (_name, open) => {
    await using home = await temporaryFolder()
    const folder = join(home.path, 'chaperone', 'compiled')
    await mkdir(folder, { recursive: true })
    await open(folder)
    expect(isOursAlone(folder)).toBe(false)
  })

  test('is not used when it leads elsewhere', async () => {
    await using home = await temporaryFolder()
    await mkdir(join(home.path, 'elsewhere'))
    await mkdir(join(home.path, 'chaperone'))
    const folder = join(home.path, 'chaperone', 'compiled')
    await symlink(join(home.path, 'elsewhere'), folder)
    expect(isOursAlone(folder)).toBe(false)
  })

  test('is done without where none can be made', () => {
    expect(isOursAlone('/dev/null/chaperone/compiled')).toBe(false)
  })
})
