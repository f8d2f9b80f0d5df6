import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { runCli, startCli, type CliOptions, type CliResult, type RunningCli } from '../support/cli.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

/** What the ready file of `chaperone serve` holds. */
export interface Ready {
  readonly endpoint: string
  readonly caFile: string
  readonly control: string
  readonly pid: number
}

/** A broker on the practice cluster with a state folder of its own. */
export interface PracticeBroker extends AsyncDisposable {
  readonly state: string
  readonly process: RunningCli<Ready>
  /** The pinned kubectl. */
  readonly kubectl: string
  /** `chaperone ARGS… --state STATE`; what follows `--` stays at the end. */
  chaperone(args: readonly string[], options?: CliOptions): Promise<CliResult>
  /** `chaperone run --practice [FLAGS…] -- kubectl ARGS…` */
  kubectlRun(args: readonly string[], flags?: readonly string[]): Promise<CliResult>
  /** Every file below the state folder with its bytes, for looking for what must not be there. */
  files(): Promise<readonly { readonly path: string; readonly bytes: Buffer }[]>
}

export async function practiceBroker(flags: readonly string[] = []): Promise<PracticeBroker> {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder())
  const state = join(folder.path, 'state')
  const kubectl = await kubectlPath()
  const process = parts.use(
    await startCli<Ready>(['serve', '--practice', '--state', state, ...flags], join(folder.path, 'ready.json'), {
      env: { HOME: folder.path },
    }),
  )
  const chaperone = (args: readonly string[], options: CliOptions = {}) => {
    const end = args.indexOf('--')
    const at = end === -1 ? args.length : end
    const all = [...args.slice(0, at), '--state', state, ...args.slice(at)]
    return runCli(all, { ...options, env: { HOME: folder.path, ...options.env } })
  }
  const held = parts.move()
  return {
    state,
    process,
    kubectl,
    chaperone,
    kubectlRun: (args, more = []) => chaperone(['run', '--practice', ...more, '--', kubectl, ...args]),
    files: async () => {
      const names = await readdir(state, { recursive: true, withFileTypes: true })
      const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      return Promise.all(files.map(async (path) => ({ path, bytes: await readFile(path) })))
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** One broker for all stories of a file; there from the first of them on. */
export function brokerOfFile(): PracticeBroker {
  const parts = new AsyncDisposableStack()
  let broker: PracticeBroker | undefined
  beforeAll(async () => {
    broker = parts.use(await practiceBroker())
  })
  afterAll(() => parts.disposeAsync())
  const there = () => {
    if (broker === undefined) throw new Error('The broker is there once the stories begin.')
    return broker
  }
  return {
    get state() {
      return there().state
    },
    get process() {
      return there().process
    },
    get kubectl() {
      return there().kubectl
    },
    chaperone: (args, options) => there().chaperone(args, options),
    kubectlRun: (args, flags) => there().kubectlRun(args, flags),
    files: () => there().files(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
