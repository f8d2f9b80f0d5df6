import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requireProgram } from './require.ts'
import { temporaryFolder } from './tmp.ts'

test('a temporary folder is gone with everything in it after its scope', async () => {
  let path: string
  {
    await using folder = await temporaryFolder()
    path = folder.path
    await writeFile(join(path, 'state.json'), '{}')
    expect(existsSync(path)).toBe(true)
  }
  expect(existsSync(path)).toBe(false)
})

test('a program that a test needs is found, and a missing one is an error that says what to install', () => {
  expect(requireProgram('sh')).toMatch(/\/sh$/)
  expect(() => requireProgram('no-such-program')).toThrow('apt-get install no-such-program')
})
