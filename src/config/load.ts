import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Fault } from '../model/fault.ts'
import type { Environment } from './environment.ts'
import { fileProblem } from './file-problem.ts'
import { changeableByOthers } from './others.ts'
import { identityOf, type IdentityConfig } from './identity.ts'
import { parseConfig } from './parse.ts'
import type { ConfigFile } from './schema.ts'

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
  /** The configuration file that was read; empty when there is none. */
  readonly file: string
  readonly stateFolder: string
  readonly upstream:
    | { readonly kind: 'practice' }
    | { readonly kind: 'kubeconfig'; readonly paths: readonly string[]; readonly context: string | undefined }
  readonly listen: { readonly host: string; readonly port: number }
  /** Absolute paths; empty = the built-in policy. */
  readonly policyFiles: readonly string[]
  /** The cluster acts for each caller, not for the broker's own credential. */
  readonly impersonate: boolean
  /** Undefined = only the broker's own sessions. */
  readonly identity: IdentityConfig | undefined
  readonly recordingVersion: 2 | 3
  readonly ui: 'full' | 'line' | 'none' | undefined
  readonly leader: string | undefined
  /** Whether programs in the shell may write the clipboard of the real terminal. */
  readonly clipboard: 'off' | 'write'
  /** A duration; undefined = the default. */
  readonly keep: string | undefined
}

/** Flags over file over defaults, frozen. Throws ERR_CONFIG with file, line and what to write instead. */
export async function loadConfig(flags: ConfigFlags, environment: Environment): Promise<Config> {
  if (flags.practice === true && (flags.kubeconfig !== undefined || flags.context !== undefined)) {
    throw new Fault('ERR_USAGE', '--practice brings its own cluster: leave out --kubeconfig and --context.')
  }
  const { file, path, folder } = await readConfigFile(flags.config, environment.configFile)
  const beside = (path: string) => inFolder(folder, environment.home, path)
  const kubeconfig = flags.kubeconfig ?? (file.kubeconfig === undefined ? undefined : beside(file.kubeconfig))
  return Object.freeze({
    file: path,
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
        ? (file.policies ?? []).map(beside)
        : flags.policies.map((path) => resolve(path)),
    impersonate: file.upstream?.impersonate ?? false,
    identity: identityOf(file.identity, beside),
    recordingVersion: flags.recordingVersion ?? file.recording?.version ?? 3,
    ui: flags.ui ?? file.ui,
    leader: file.leader,
    clipboard: file.clipboard ?? 'off',
    keep: environment.keep === '' ? file.keep : environment.keep,
  })
}

async function readConfigFile(
  asked: string | undefined,
  standard: string,
): Promise<{ file: ConfigFile; path: string; folder: string }> {
  const path = resolve(asked ?? standard)
  let text: string
  try {
    const open = await changeableByOthers(path, 'all users')
    if (open !== undefined) throw writable(path, open)
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    if (asked === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return { file: { apiVersion: 'chaperone/v1', kind: 'Config' }, path: '', folder: dirname(path) }
    }
    throw new Fault('ERR_CONFIG', `Cannot read the configuration ${path}: ${fileProblem(cause)}.`, {
      advice: 'Give an existing file with --config.',
      cause,
    })
  }
  return { file: parseConfig(text, path), path, folder: dirname(path) }
}

function writable(path: string, open: string): Fault {
  return new Fault('ERR_CONFIG', `All users of this machine may change ${open}, and so the configuration ${path}.`, {
    advice: `Run: chmod o-w ${open}`,
  })
}

/** `~/x` means the home folder in a file as it does in a shell. */
function inFolder(folder: string, home: string, path: string): string {
  return resolve(folder, path.startsWith('~/') ? join(home, path.slice(2)) : path)
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
