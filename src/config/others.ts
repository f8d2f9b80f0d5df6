import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Whom a file has to be kept from: everybody but its owner and root, or all users of the machine together. */
type Others = 'everybody else' | 'all users'

/**
 * The file itself, or the folder on the way to it, that others may change, so that what is in the file is theirs to say; undefined
 * when there is none. As sshd's StrictModes does, links are followed and all folders up to the root count; in a sticky one nobody
 * replaces the files of others (inode(7)). Rejects with the error of the system when the file is not there.
 */
export async function changeableByOthers(path: string, others: Others): Promise<string | undefined> {
  const asked = resolve(path)
  // A pipe, as `<(command)` makes, has no other path; what is not there fails below.
  const real = await realpath(asked).catch(() => asked)
  if (isOthers(await stat(real), others)) return asked
  for (const folder of new Set([...foldersTo(asked), ...foldersTo(real)])) {
    const { uid, mode } = await stat(folder)
    const isOpen = isOthers({ uid, mode: (mode & 0o1000) === 0 ? mode : 0 }, others)
    if (isOpen && !(await isReadOnly(folder))) return folder
  }
  return undefined
}

function foldersTo(path: string): string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersTo(folder)]
}

function isOthers({ uid, mode }: { readonly uid: number; readonly mode: number }, others: Others): boolean {
  if (others === 'all users') return (mode & 0o002) !== 0
  return (uid !== process.getuid?.() && uid !== 0) || (mode & 0o022) !== 0
}

/** True of a mounted ConfigMap, whose folder everybody could write were it not mounted so. */
async function isReadOnly(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => false,
    (failure: NodeJS.ErrnoException) => failure.code === 'EROFS',
  )
}
