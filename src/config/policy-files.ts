import { readFile } from 'node:fs/promises'
import { fileProblem } from './file-problem.ts'
import { changeableByOthers } from './others.ts'
import { Fault } from '../model/fault.ts'

/**
 * The texts of policy files, for the policy room to parse. Throws ERR_POLICY when one cannot be read, or all users of the machine
 * may change it.
 */
export async function readPolicyFiles(files: readonly string[]): Promise<{ file: string; text: string }[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        const open = await changeableByOthers(file, 'all users')
        if (open !== undefined) throw writable(file, open)
        return { file, text: await readFile(file, 'utf8') }
      } catch (cause) {
        if (cause instanceof Fault) throw cause
        throw new Fault('ERR_POLICY', `Cannot read the policy ${file}: ${fileProblem(cause)}.`, {
          advice: 'Nothing was started: a policy that is not there must not loosen anything.',
          cause,
        })
      }
    }),
  )
}

function writable(file: string, open: string): Fault {
  return new Fault('ERR_POLICY', `All users of this machine may change ${open}, and so the policy ${file}.`, {
    advice: `Run: chmod o-w ${open}`,
  })
}
