import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
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
 * Reviewers as one small file each, so that the command line may add and remove them while a broker runs. A file that
 * does not parse makes every look-up fail with ERR_STATE: nobody reviews on the strength of a broken file.
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
        names = await readdir(folder)
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw unreadable(folder, cause)
      }
      return Promise.all(names.filter((name) => name.endsWith('.json')).map((name) => readRecord(join(folder, name))))
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

async function readRecord(path: string): Promise<ReviewerRecord> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): Fault {
  return new Fault('ERR_STATE', `The reviewer file ${path} cannot be read.`, {
    advice: 'Remove it and add the reviewer again with `chaperone reviewer add NAME`.',
    cause,
  })
}
