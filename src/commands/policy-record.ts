import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { SpokenRule } from '../../ui/words/why.ts'
import { readPolicyFiles } from '../config/policy-files.ts'
import { builtinSource } from '../policy/builtin.ts'
import { readDocuments } from '../policy/documents.ts'
import { loadPolicy } from '../policy/parse.ts'
import { readOptional, writePrivateFile } from './files.ts'
import { parseReadyText } from './ready.ts'

const recordSchema = z.strictObject({
  files: z.array(z.string()),
  rules: z.array(
    z.strictObject({
      id: z.string(),
      effect: z.enum(['allow', 'hold', 'deny']),
      message: z.string(),
      place: z.string(),
    }),
  ),
})

/** The rules of a policy and where they stood: a journal names its policies by digest only. */
export interface PolicyRecord {
  readonly files: readonly string[]
  readonly rules: readonly SpokenRule[]
}

/** Keeps where each rule of the policy stands, so that `why` can say it after the file has changed. Throws ERR_POLICY. */
export async function recordPolicy(stateFolder: string, files: readonly string[]): Promise<void> {
  const sources = files.length === 0 ? [builtinSource] : await readPolicyFiles(files)
  const { digest, rules } = loadPolicy(sources)
  const places = placesOf(sources)
  const record: PolicyRecord = {
    files: files.length === 0 ? [builtinPlace] : files,
    rules: rules.map(({ id, effect, message }) => ({ id, effect, message, place: places.get(id) ?? builtinPlace })),
  }
  await mkdir(folderIn(stateFolder), { recursive: true, mode: 0o700 })
  await writePrivateFile(fileOf(stateFolder, digest), `${JSON.stringify(record)}\n`)
}

/** The policy of that digest as it stood, or undefined when no broker of this state folder has used it. */
export async function policyRecord(stateFolder: string, digest: string): Promise<PolicyRecord | undefined> {
  // The digest comes from the journal, which may have been altered: it must not name another file.
  if (!/^[0-9a-f]{64}$/.test(digest)) return undefined
  const path = fileOf(stateFolder, digest)
  const text = await readOptional(path)
  return text === undefined ? undefined : parseReadyText(recordSchema, text, path)
}

const builtinPlace = 'the built-in policy'

export function isBuiltin({ files }: PolicyRecord): boolean {
  return files[0] === builtinPlace
}

interface Named {
  readonly metadata?: { readonly name?: string }
  readonly rules?: readonly { readonly name?: string }[]
}

function placesOf(sources: Parameters<typeof loadPolicy>[0]): ReadonlyMap<string, string> {
  if (sources[0] === builtinSource) return new Map()
  const places = sources.flatMap((source) =>
    readDocuments(source).documents.flatMap((document) => {
      const { metadata, rules = [] } = document.value as Named
      return rules.map(({ name = '' }, index): [string, string] => [
        `${metadata?.name ?? ''}/${name}`,
        `${document.file}:${document.lineOf(['rules', index])}`,
      ])
    }),
  )
  return new Map(places)
}

function folderIn(stateFolder: string): string {
  return join(stateFolder, 'policies')
}

function fileOf(stateFolder: string, digest: string): string {
  return join(folderIn(stateFolder), `${digest}.json`)
}
