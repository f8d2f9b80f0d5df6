import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileProblem } from './file-problem.ts'
import { Fault } from '../model/fault.ts'

/** Where each room keeps its files, below one folder that only its owner may enter. */
export interface StateFolders {
  readonly root: string
  readonly trust: string
  readonly journal: string
  /** A file beside the journal, on its disk. */
  readonly journalReserve: string
  readonly recordings: string
  readonly store: string
  readonly run: string
  readonly practice: string
  readonly reviewers: string
  /** The tokens of the person who signed in. */
  readonly signIn: string
  readonly brokerFile: string
  readonly brokerLog: string
  readonly operatorTokenFile: string
  readonly practiceReviewerTokenFile: string
}

export function stateFolders(root: string): StateFolders {
  const run = join(root, 'run')
  const practice = join(root, 'practice')
  return {
    root,
    trust: join(root, 'trust'),
    journal: join(root, 'journal'),
    journalReserve: join(root, 'journal.reserve'),
    recordings: join(root, 'recordings'),
    store: join(root, 'store'),
    run,
    practice,
    reviewers: join(root, 'reviewers'),
    signIn: join(root, 'sign-in'),
    brokerFile: join(run, 'broker.json'),
    brokerLog: join(run, 'broker.log'),
    operatorTokenFile: join(run, 'operator.token'),
    practiceReviewerTokenFile: join(practice, 'reviewer.token'),
  }
}

/**
 * Makes the state folder (0700) or checks that an existing one is ours alone and writable. Throws ERR_STATE: a folder
 * that others can read would hand them tokens, recordings and the journal.
 */
export async function prepareState(root: string, uid: number): Promise<StateFolders> {
  const folders = stateFolders(root)
  const refuse = (why: string, advice: string, cause?: unknown) =>
    new Fault('ERR_STATE', `The state folder ${root} cannot be used: ${why}.`, { advice, cause })
  try {
    await makeFolder(root)
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw refuse(fileProblem(cause), 'Give a folder that you may write with --state DIR or CHAPERONE_STATE.', cause)
  }
  for (const folder of [root, folders.run, folders.practice]) {
    if (folder !== root) await makeFolder(folder)
    const found = await stat(folder)
    if (found.uid !== uid) throw refuse('it belongs to another user', 'Choose another with --state DIR.')
    if ((found.mode & 0o077) !== 0) throw refuse('others may enter it', `Run: chmod 700 ${folder}`)
  }
  return folders
}

/**
 * Makes a folder and its missing parents, once each: Node's own recursive mkdir never ends where a parent exists but takes
 * no folders, as in /proc.
 */
async function makeFolder(path: string, mayMakeParent = true): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || !mayMakeParent || dirname(path) === path) throw cause
    await makeFolder(dirname(path))
    await makeFolder(path, false)
  }
}
