const words: Readonly<Record<string, string>> = {
  EACCES: 'you have no right to it',
  EDQUOT: 'your share of the disk is full',
  EISDIR: 'it is a folder',
  ENOENT: 'it is not there',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is no folder',
  EPERM: 'you have no right to it',
  EROFS: 'the disk takes no writes',
}

/** Why a file could not be read or written, in words; the system's code where there are none. */
export function fileProblem(cause: unknown): string {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException
  return words[code] ?? code
}
