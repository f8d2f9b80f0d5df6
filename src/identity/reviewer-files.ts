import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import { assertReviewerName, type ReviewerRecord, type ReviewerStore } from './reviewers.ts'

const recordSchema = z.strictObject({
  name: z.string().min(1),
  groups: z.array(z.string()),
  tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.string(),
})

/**
 * Reviewers as one small file each (0600), so that the command line may add and remove them while a broker runs. A file
 * that does not parse, or that others may read or write, makes every look-up fail with ERR_STATE: nobody reviews on the
 * strength of such a file.
 */
export function reviewerFiles(folder: string): ReviewerStore {
  const path = (name: string) => {
    assertReviewerName(name)
    return join(folder, `${name}.json`)
  }
  return {
    list: async () => {
      let names: string[]
      try {
        if (!isOurs(await stat(folder))) throw exposed(folder, `chmod 700 ${folder}`)
        names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
        if (cause instanceof Fault) throw cause
        throw unreadable(folder, cause)
      }
      const records = await Promise.all(names.map((name) => readRecord(join(folder, name))))
      return records.filter((record) => record !== undefined)
    },
    put: async (record) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const temporary = `${path(record.name)}.new`
      await using file = await open(temporary, 'w', 0o600)
      await file.writeFile(`${JSON.stringify(record)}\n`)
      await file.sync()
      await rename(temporary, path(record.name))
    },
    remove: async (name) => {
      const file = path(name)
      try {
        await rm(file)
        return true
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
        throw unreadable(file, cause)
      }
    },
  }
}

/** Undefined when it was removed meanwhile. */
async function readRecord(path: string): Promise<ReviewerRecord | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    if (!isOurs(await file.stat())) throw exposed(path, `chmod 600 ${path}`)
    const record = recordSchema.parse(JSON.parse(await file.readFile('utf8')))
    if (`${record.name}.json` !== basename(path)) throw new Error(`it is about ${record.name}`)
    return record
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (cause instanceof Fault) throw cause
    throw unreadable(path, cause)
  }
}

function isOurs(found: { readonly uid: number; readonly mode: number }): boolean {
  return found.uid === process.getuid?.() && (found.mode & 0o077) === 0
}

function exposed(path: string, remedy: string): Fault {
  return new Fault('ERR_STATE', `Others may read or change ${path}, so nobody reviews.`, {
    advice: `Check that no reviewer was added or changed in it, then run: ${remedy}`,
  })
}

function unreadable(path: string, cause: unknown): Fault {
  return new Fault('ERR_STATE', `The reviewer file ${path} cannot be read.`, {
    advice: 'Remove it and add the reviewer again with `chaperone reviewer add NAME`.',
    cause,
  })
}
