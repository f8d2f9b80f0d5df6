import { randomBytes } from 'node:crypto'
import { open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { isMap, isSeq, parseDocument, type Document, type YAMLMap, type YAMLSeq } from 'yaml'
import type { ListedSubject, SubjectList } from '../identity/port.ts'
import { Fault } from '../model/fault.ts'
import { fileProblem } from './file-problem.ts'
import { parseSubjects, readSubjectsFile } from './subjects.ts'

/**
 * Changes a subjects file in place, comments and all, and makes it where there is none (0600). What would come out is checked
 * before it is written, whole or not at all; with `keep` false it is checked alone. Rejects with ERR_CONFIG.
 */
export async function editSubjects(
  path: string,
  change: (list: SubjectList, entries: SubjectEntries) => void,
  keep = true,
): Promise<void> {
  const before = (await isThere(path)) ? (await readSubjectsFile(path)).text : newFile()
  const list = parseSubjects({ file: path, text: before })
  const document = parseDocument(before)
  change(list, new SubjectEntries(document))
  const text = document.toString({ lineWidth: 0 })
  parseSubjects({ file: path, text })
  if (keep) await replace(path, text)
}

/** The entries of the file as they are written. */
export class SubjectEntries {
  readonly #document: Document.Parsed

  constructor(document: Document.Parsed) {
    this.#document = document
  }

  add(subject: ListedSubject): void {
    const seq = this.#seq()
    seq.flow = false
    seq.add(this.#document.createNode(subject))
  }

  remove(name: string): void {
    const seq = this.#seq()
    const leaving = this.#of(name)
    seq.items = seq.items.filter((item) => item !== leaving)
  }

  setKey(name: string, publicKey: string): void {
    this.#of(name).set('publicKey', publicKey)
  }

  #of(name: string): YAMLMap {
    const found = this.#seq().items.find((item) => isMap(item) && item.get('name') === name)
    if (isMap(found)) return found
    throw new Fault('ERR_CONFIG', `${name} is not written as a subject of its own in the file.`)
  }

  #seq(): YAMLSeq {
    const subjects = this.#document.get('subjects', true)
    if (!isSeq(subjects)) throw new Fault('ERR_CONFIG', 'The subjects of the file are no list.')
    return subjects
  }
}

function newFile(): string {
  const audience = `chaperone:${randomBytes(16).toString('hex')}`
  return `# Who may sign in with a key; see \`chaperone subject --help\`.
apiVersion: chaperone/v1
kind: Subjects
audience: ${audience}
subjects: []
`
}

async function isThere(path: string): Promise<boolean> {
  try {
    await readFile(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw unwritable(path, cause)
  }
}

async function replace(asked: string, text: string): Promise<void> {
  // A link stays one: what it leads to is replaced.
  const path = (await isThere(asked)) ? await realpath(asked) : asked
  const beside = `${path}.${randomBytes(9).toString('base64url')}.new`
  try {
    {
      await using file = await open(beside, 'wx', 0o600)
      await file.writeFile(text)
      await file.sync()
    }
    await rename(beside, path)
  } catch (cause) {
    // The first failure is told; what it left is removed as far as that goes.
    await rm(beside, { force: true }).catch(() => undefined)
    throw unwritable(path, cause)
  }
}

function unwritable(path: string, cause: unknown): Fault {
  return new Fault('ERR_CONFIG', `Cannot write the subjects file ${path}: ${fileProblem(cause)}.`, {
    advice: 'Nothing was changed.',
    cause,
  })
}
