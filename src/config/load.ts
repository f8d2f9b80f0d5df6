import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { Fault } from '../model/fault.ts'
import type { Environment } from './environment.ts'
import { configSchema, type ConfigFile } from './schema.ts'

/** What the command line may set; each wins over the file. */
export interface ConfigFlags {
  readonly config?: string
  readonly state?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly practice?: boolean
  readonly listen?: string
  readonly policies?: readonly string[]
  readonly recordingVersion?: 2 | 3
  readonly ui?: 'full' | 'line' | 'none'
}

export interface Config {
  readonly stateFolder: string
  readonly upstream:
    | { readonly kind: 'practice' }
    | { readonly kind: 'kubeconfig'; readonly paths: readonly string[]; readonly context: string | undefined }
  readonly listen: { readonly host: string; readonly port: number }
  /** Absolute paths; empty = the built-in policy. */
  readonly policyFiles: readonly string[]
  readonly recordingVersion: 2 | 3
  readonly ui: 'full' | 'line' | 'none' | undefined
}

/** Flags over file over defaults, frozen. Throws ERR_CONFIG with file, line and what to write instead. */
export async function loadConfig(flags: ConfigFlags, environment: Environment): Promise<Config> {
  if (flags.practice === true && (flags.kubeconfig !== undefined || flags.context !== undefined)) {
    throw new Fault('ERR_USAGE', '--practice brings its own cluster: leave out --kubeconfig and --context.')
  }
  const { file, folder } = await readConfigFile(flags.config, environment.configFile)
  const kubeconfig = flags.kubeconfig ?? (file.kubeconfig === undefined ? undefined : resolve(folder, file.kubeconfig))
  return Object.freeze({
    stateFolder: resolve(flags.state ?? environment.stateFolder),
    upstream:
      flags.practice === true
        ? ({ kind: 'practice' } as const)
        : ({
            kind: 'kubeconfig',
            paths: kubeconfig === undefined ? environment.kubeconfigPaths : [resolve(kubeconfig)],
            context: flags.context ?? file.context,
          } as const),
    listen: parseListen(flags.listen ?? file.listen ?? '127.0.0.1:0'),
    policyFiles:
      flags.policies === undefined || flags.policies.length === 0
        ? (file.policies ?? []).map((path) => resolve(folder, path))
        : flags.policies.map((path) => resolve(path)),
    recordingVersion: flags.recordingVersion ?? file.recording?.version ?? 3,
    ui: flags.ui ?? file.ui,
  })
}

async function readConfigFile(
  asked: string | undefined,
  standard: string,
): Promise<{ file: ConfigFile; folder: string }> {
  const path = resolve(asked ?? standard)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (asked === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return { file: { apiVersion: 'chaperone/v1', kind: 'Config' }, folder: dirname(path) }
    }
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new Fault('ERR_CONFIG', `Cannot read the configuration ${path} (${why}).`, {
      advice: 'Give an existing file with --config.',
      cause,
    })
  }
  return { file: parseConfig(text, path), folder: dirname(path) }
}

/** Parses the text of a chaperone.yaml; `path` is only for messages. Throws ERR_CONFIG listing every problem. */
export function parseConfig(text: string, path: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false })
  const refuse = (problems: readonly string[]) =>
    new Fault('ERR_CONFIG', problems.join('\n'), { advice: 'Nothing was started.' })
  if (document.errors.length > 0) {
    throw refuse(
      document.errors.map((error) => `${path}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`),
    )
  }
  const parsed = configSchema.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (parsed.success) return parsed.data
  throw refuse(
    parsed.error.issues.map((issue) => {
      const node = document.getIn(issue.path as string[], true) as { range?: [number, number, number] } | undefined
      const line = node?.range === undefined ? 1 : lines.linePos(node.range[0]).line
      const known = issue.code === 'unrecognized_keys' ? ` Known: ${Object.keys(configSchema.shape).join(', ')}.` : ''
      return `${path}:${line}: ${issue.path.join('.') || 'file'}: ${issue.message}.${known}`
    }),
  )
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65_535) {
    throw new Fault('ERR_USAGE', `Cannot listen on ${JSON.stringify(text)}.`, {
      advice: 'The broker listens on loopback only: give an address like 127.0.0.1:8443, or port 0 for a free one.',
    })
  }
  return { host: match[1].replace(/[[\]]/g, ''), port }
}
