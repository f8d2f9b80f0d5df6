import { readFile } from 'node:fs/promises'
import { fileProblem } from './file-problem.ts'
import { Fault } from '../model/fault.ts'

/** The texts of policy files, for the policy room to parse. Throws ERR_POLICY when one cannot be read. */
export async function readPolicyFiles(files: readonly string[]): Promise<{ file: string; text: string }[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        return { file, text: await readFile(file, 'utf8') }
      } catch (cause) {
        throw new Fault('ERR_POLICY', `Cannot read the policy ${file}: ${fileProblem(cause)}.`, {
          advice: 'Nothing was started: a policy that is not there must not loosen anything.',
          cause,
        })
      }
    }),
  )
}
