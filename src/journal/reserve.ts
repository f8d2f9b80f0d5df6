import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'

/** Room for some hundred lines and for what the store writes beside them. */
const RESERVE_BYTES = 1024 * 1024

/**
 * A file of zeros that keeps room on the journal's disk. Once the disk is full it is given up, so that what makes things
 * safer (a denial, a withdrawal, the end of a session) can still be written down and so still happens.
 */
export class Reserve {
  readonly #path: string
  readonly #bytes: number
  #isKept = false

  constructor(path: string, bytes = RESERVE_BYTES) {
    this.#path = path
    this.#bytes = bytes
  }

  /** Takes the room again, if it was given up. Rejects as node:fs does when there is none. */
  async keep(): Promise<void> {
    if (this.#isKept) return
    const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants
    const handle = await open(this.#path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600)
    try {
      await handle.writeFile(Buffer.alloc(this.#bytes))
      await handle.datasync()
      this.#isKept = true
    } finally {
      await handle.close()
    }
  }

  /** Gives the room up. False when there was none to give. */
  async give(): Promise<boolean> {
    const was = this.#isKept
    this.#isKept = false
    await rm(this.#path, { force: true })
    return was
  }
}

/** True for errors that more room would mend. */
export function isDiskFull(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  return code === 'ENOSPC' || code === 'EDQUOT'
}
