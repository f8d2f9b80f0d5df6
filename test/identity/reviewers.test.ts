import { chmod, copyFile, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { reviewerFiles } from '../../src/identity/reviewer-files.ts'
import { addReviewer, findReviewer } from '../../src/identity/reviewers.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chaperone-reviewers-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const now = new Date('2026-11-23T10:00:00Z')

describe('reviewers', () => {
  it('are known by their token, of which no file holds a copy', async () => {
    const store = reviewerFiles(join(folder, 'reviewers'))
    const token = await addReviewer(store, { name: 'bob', groups: ['leads'] }, now)
    expect(await findReviewer(store, token)).toMatchObject({ name: 'bob', groups: ['leads'] })
    const [file = ''] = await readdir(join(folder, 'reviewers'))
    const path = join(folder, 'reviewers', file)
    expect(await readFile(path, 'utf8')).not.toContain(token)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('are gone once removed or given a new token', async () => {
    const store = reviewerFiles(folder)
    const first = await addReviewer(store, { name: 'bob', groups: [] }, now)
    const second = await addReviewer(store, { name: 'bob', groups: [] }, now)
    expect(await findReviewer(store, first)).toBeUndefined()
    expect(await findReviewer(store, second)).toBeDefined()
    expect(await store.remove('bob')).toBe(true)
    expect(await findReviewer(store, second)).toBeUndefined()
    expect(await store.remove('bob')).toBe(false)
  })

  it.each(['', '../x', 'a/b', '-x', 'a\nb', '.', 'ünï'])(
    'refuse the name %j, which would be a file elsewhere',
    async (name) => {
      await expect(addReviewer(reviewerFiles(folder), { name, groups: [] }, now)).rejects.toMatchObject({
        code: 'ERR_USAGE',
      })
      await expect(reviewerFiles(folder).remove(name)).rejects.toMatchObject({ code: 'ERR_USAGE' })
    },
  )

  it('never remove a file outside their folder', async () => {
    await writeFile(join(folder, 'precious.json'), '{}')
    const store = reviewerFiles(join(folder, 'reviewers'))
    await addReviewer(store, { name: 'bob', groups: [] }, now)
    await expect(store.remove('../precious')).rejects.toMatchObject({ code: 'ERR_USAGE' })
    expect(await readFile(join(folder, 'precious.json'), 'utf8')).toBe('{}')
  })

  it('refuse every review while one file is broken', async () => {
    const store = reviewerFiles(folder)
    const token = await addReviewer(store, { name: 'bob', groups: [] }, now)
    await writeFile(join(folder, 'eve.json'), '{"name":"eve"}')
    await expect(findReviewer(store, token)).rejects.toMatchObject({ code: 'ERR_STATE' })
  })

  it.each([0o640, 0o604, 0o620, 0o602])('refuse every review while others may touch a file (mode %o)', async (mode) => {
    const store = reviewerFiles(folder)
    const token = await addReviewer(store, { name: 'bob', groups: [] }, now)
    await chmod(join(folder, 'bob.json'), mode)
    await expect(findReviewer(store, token)).rejects.toMatchObject({ code: 'ERR_STATE' })
    await chmod(join(folder, 'bob.json'), 0o600)
    expect(await findReviewer(store, token)).toMatchObject({ name: 'bob' })
  })

  it('refuse every review while others may enter their folder', async () => {
    const store = reviewerFiles(folder)
    const token = await addReviewer(store, { name: 'bob', groups: [] }, now)
    await chmod(folder, 0o770)
    await expect(findReviewer(store, token)).rejects.toMatchObject({ code: 'ERR_STATE' })
  })

  it('refuse every review while a file is a copy or a link of another', async () => {
    const store = reviewerFiles(folder)
    const token = await addReviewer(store, { name: 'bob', groups: [] }, now)
    await copyFile(join(folder, 'bob.json'), join(folder, 'eve.json'))
    await expect(findReviewer(store, token)).rejects.toMatchObject({ code: 'ERR_STATE' })
    await rm(join(folder, 'eve.json'))
    await rename(join(folder, 'bob.json'), join(folder, 'elsewhere'))
    await symlink(join(folder, 'elsewhere'), join(folder, 'bob.json'))
    await expect(findReviewer(store, token)).rejects.toMatchObject({ code: 'ERR_STATE' })
  })
})
