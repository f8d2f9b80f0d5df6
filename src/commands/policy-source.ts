import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { readPolicyFiles } from '../config/policy-files.ts'
import { builtinSource } from '../policy/builtin.ts'
import type { PolicySource } from '../policy/documents.ts'
import { loadPolicy, type Policy } from '../policy/parse.ts'
import { list, type Context, type Parsed } from './command.ts'
import { configFlags } from './shared-options.ts'

/** The policy of these files. Throws ERR_POLICY with all that is wrong in them. */
export async function policyOf(files: readonly string[]): Promise<Policy> {
  return loadPolicy(await readPolicyFiles(files.map((file) => resolve(file))))
}

/** What --policy names, else what the configuration names, else the built-in policy. */
export async function chosenPolicy(context: Context, parsed: Parsed): Promise<Policy> {
  const files = list(parsed, 'policy')
  if (files.length > 0) return policyOf(files)
  const { policyFiles } = await loadConfig(configFlags(parsed), context.environment)
  const sources: readonly PolicySource[] =
    policyFiles.length === 0 ? [builtinSource] : await readPolicyFiles(policyFiles)
  return loadPolicy(sources)
}
