import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Config } from '../config/load.ts'
import { prepareState, stateFolders, type StateFolders } from '../config/state.ts'
import { connectControl } from '../control/client.ts'
import type { BrokerInfo, ControlClient } from '../control/contract.ts'
import { Fault, toFault } from '../model/fault.ts'
import { startChild } from './children.ts'
import { flag, type Context, type Parsed } from './command.ts'
import { readOptional } from './files.ts'
import { agreeToJoin, agreeToStart } from './first-use.ts'
import { idTokenOf, personConfig, type PersonConfig } from './person.ts'
import { withProgress } from './progress.ts'
import { brokerReadySchema, parseReady, parseReadyText, type BrokerReady } from './ready.ts'
import { refuseOtherCluster } from './same-cluster.ts'
import { brokerArguments } from './shared-options.ts'

/** A broker that answers, and who we are to it. */
export interface Link extends AsyncDisposable {
  readonly client: ControlClient
  readonly info: BrokerInfo
  readonly ready: BrokerReady
  readonly folders: StateFolders
  readonly caPem: string
  /** A further connection whose event stream is this session's lifeline. */
  forSession(sessionID: string): ControlClient
}

/** What the broker of the state folder says of itself. Throws ERR_BROKER when none runs. */
export async function runningBroker(folders: StateFolders): Promise<BrokerReady> {
  const found = await readOptional(folders.brokerFile)
  if (found === undefined) {
    throw new Fault('ERR_BROKER', `No broker runs in ${folders.root}.`, {
      advice: 'Start one with `chaperone shell` or `chaperone serve`, or name its folder with --state DIR.',
    })
  }
  return parseReadyText(brokerReadySchema, found, folders.brokerFile)
}

/** Connects to the broker of the state folder with the token in a file. Throws ERR_BROKER when none answers. */
export async function connect(folders: StateFolders, tokenFile: string): Promise<Link> {
  await runningBroker(folders)
  const token = await readOptional(tokenFile)
  if (token === undefined || token.trim() === '') {
    throw new Fault('ERR_USAGE', `There is no token in ${tokenFile}.`, {
      advice: 'A reviewer gets one from `chaperone reviewer add NAME`.',
    })
  }
  return connectAs(folders, token.trim())
}

/** The same with the token itself, or with what gives it anew for each call. */
export async function connectAs(folders: StateFolders, token: string | (() => Promise<string>)): Promise<Link> {
  const ready = await runningBroker(folders)
  const caPem = await readFile(ready.caFile, 'utf8')
  const options = { endpoint: ready.control, caPem, token }
  const client = connectControl(options)
  try {
    const info = await client.info()
    return {
      client,
      info,
      ready,
      folders,
      caPem,
      forSession: (sessionID) => connectControl({ ...options, sessionID }),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    }
  } catch (thrown) {
    await client[Symbol.asyncDispose]()
    throw thrown
  }
}

/**
 * The broker of the state folder, started if there is none. Throws when one runs for another cluster, and ERR_UNAUTHENTICATED when
 * people sign in, and nobody has.
 */
export async function connectOrStart(context: Context, config: Config, parsed: Parsed): Promise<Link> {
  const folders = await prepareState(config.stateFolder, context.environment.uid)
  const person = personConfig(config, parsed)
  if (person !== undefined) await idTokenOf(person)
  const connectOurs = () => connectOperator(folders, person)
  const running = await connectIfRunning(folders, connectOurs)
  if (running !== undefined) return join(context, running, config, parsed)
  const { kind } = await agreeToStart(context, config, parsed, folders)
  const practice = kind === 'practice' && !flag(parsed, 'practice') ? ['--practice'] : []
  const doing = kind === 'practice' ? 'starting the broker and the practice cluster' : 'starting the broker'
  const { ready } = await withProgress(context, doing, () =>
    startChild({
      args: ['serve', ...brokerArguments(parsed), ...practice, '--yes', `--state=${folders.root}`, '--until-idle'],
      variables: context.environment.variables,
      log: folders.brokerLog,
      detached: true,
      what: 'The broker',
    }),
  )
  parseReady(brokerReadySchema, ready, 'The broker')
  return connectOurs()
}

/** Whoever works here: the person who signed in, else the user of this system. */
export function connectOperator(folders: StateFolders, person: PersonConfig | undefined): Promise<Link> {
  return person === undefined
    ? connect(folders, folders.operatorTokenFile)
    : connectAs(folders, () => idTokenOf(person))
}

/** A running broker is used only for the cluster that was asked for, and that its user has agreed to. */
async function join(context: Context, running: Link, config: Config, parsed: Parsed): Promise<Link> {
  try {
    await refuseOtherCluster(context, { info: running.info, folder: running.folders.root }, config, parsed)
    await agreeToJoin(context, running.info, parsed, running.folders)
    return running
  } catch (thrown) {
    await running[Symbol.asyncDispose]()
    throw thrown
  }
}

export function foldersOf(state: string | undefined, context: Context): StateFolders {
  return stateFolders(resolve(state ?? context.environment.stateFolder))
}

async function connectIfRunning(folders: StateFolders, connectOurs: () => Promise<Link>): Promise<Link | undefined> {
  if ((await readOptional(folders.brokerFile)) === undefined) return undefined
  try {
    return await connectOurs()
  } catch (thrown) {
    const fault = toFault(thrown)
    if (fault.code === 'ERR_BROKER' || fault.code === 'ERR_USAGE') return undefined
    throw fault
  }
}
