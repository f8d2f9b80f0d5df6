import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/embedded.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { storeContract } from './contract.ts'

storeContract('The embedded store', async () => {
  const folder = await temporaryFolder()
  return {
    open: () => openStore({ folder: join(folder.path, 'store') }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

const text = (value: unknown) => {
  if (typeof value !== 'string') throw new Error('not a text')
  return value
}

describe('The embedded store on disk', () => {
  let temporary: Awaited<ReturnType<typeof temporaryFolder>>
  let folder: string
  beforeEach(async () => {
    temporary = await temporaryFolder()
    folder = join(temporary.path, 'store')
  })
  afterEach(async () => {
    await chmod(folder, 0o700).catch(() => undefined)
    await temporary[Symbol.asyncDispose]()
  })

  it('is for its owner alone', async () => {
    const notes = await (await openStore({ folder })).collection('notes', text)
    await notes.put('a', 'secret', 0)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'notes.json'))).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['notes.json'])
  })

  it.each([
    ['half a file', '{"format":"chaperone-store/1","revision":1,"entr'],
    ['an empty file', ''],
    ['null', 'null'],
    ['another program’s JSON', '{"hello":1}'],
    [
      'a value of another kind',
      '{"format":"chaperone-store/1","revision":1,"entries":[{"key":"a","revision":1,"value":7}]}',
    ],
  ])('refuses %s and leaves it as it was', async (_what, content) => {
    await mkdir(folder, { mode: 0o700 })
    await writeFile(join(folder, 'notes.json'), content)
    const store = await openStore({ folder })
    await expect(store.collection('notes', text)).rejects.toMatchObject({
      code: 'ERR_STATE',
      advice: expect.stringContaining('Nothing was overwritten'),
    })
    expect(await readFile(join(folder, 'notes.json'), 'utf8')).toBe(content)
  })

  it('says so when it cannot write, and then still has what it had', async () => {
    const notes = await (await openStore({ folder })).collection('notes', text)
    const first = await notes.put('a', 'before', 0)
    await mkdir(join(folder, 'notes.json.new'))
    await expect(notes.put('a', 'after', first.revision)).rejects.toMatchObject({ code: 'ERR_STATE' })
    expect((await notes.get('a'))?.value).toBe('before')
    expect(await readFile(join(folder, 'notes.json'), 'utf8')).toContain('before')
  })

  it('refuses a folder that cannot be made', async () => {
    await writeFile(folder, 'a file is in the way')
    await expect(openStore({ folder })).rejects.toMatchObject({ code: 'ERR_STATE' })
  })
})
