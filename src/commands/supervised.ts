import { basename, dirname, join } from 'node:path'
import { loadConfig, type Config } from '../config/load.ts'
import type { ControlClient, SessionGrant, SessionRequest } from '../control/contract.ts'
import { toFault } from '../model/fault.ts'
import type { Session } from '../model/session.ts'
import type { RecordingWriter } from '../recording/port.ts'
import { openRecording, type CrashSafeWriter } from '../recording/writer.ts'
import { shellEnvironment } from '../terminal/environment.ts'
import { writeSessionKubeconfig } from '../terminal/kubeconfig.ts'
import { say, type Context, type Parsed } from './command.ts'
import { findKubectl } from './kubectl.ts'
import { connectOrStart, type Link } from './link.ts'
import { keepRenewed } from './renewal.ts'
import { SessionEvents, type SessionEvent } from './session-events.ts'
import { configFlags, reasonOf } from './shared-options.ts'
import { shownCommand } from '../request/shown-command.ts'

/** A session with its credential, recording and connection to the broker: all that a shell or a run stands on. */
export interface Supervised extends AsyncDisposable {
  readonly config: Config
  readonly link: Link
  readonly session: Session
  readonly client: ControlClient
  readonly recorder: CrashSafeWriter
  readonly variables: Readonly<Record<string, string>>
  /** Calls back for each event of this session, and when the broker is lost. */
  subscribe(listener: (event: SessionEvent) => void): () => void
  /** Of this session alone; goes with it. */
  readonly folder: string
  /** Ends the session and the recording; returns the final counts, of a lost broker those it told last. Safe to call once only. */
  finish(exitStatus: number): Promise<Session>
}

export interface SuperviseOptions {
  readonly kind: SessionRequest['kind']
  readonly command: readonly string[]
  readonly cols: number
  readonly rows: number
  readonly waitMs?: number
}

/** Connects to the broker (starting one if need be), begins a session and opens its recording, in this order. */
export async function supervise(context: Context, parsed: Parsed, options: SuperviseOptions): Promise<Supervised> {
  const { environment } = context
  const command = shownCommand(options.command)
  const config = await loadConfig(configFlags(parsed), environment)
  const reason = reasonOf(parsed)
  const kubectl = await findKubectl(environment)
  await using parts = new AsyncDisposableStack()
  const link = parts.use(await connectOrStart(context, config, parsed))
  const grant = await link.client.beginSession({
    kind: options.kind,
    command,
    ...(options.waitMs === undefined ? {} : { waitMs: options.waitMs }),
    ...(reason === '' ? {} : { reason }),
  })
  const { session } = grant
  parts.use(keepRenewed(link, session, (sentence) => say(context, sentence)))
  let open = true
  parts.defer(async () => {
    if (open) await endQuietly(context, link, session)
  })
  const client = parts.use(link.forSession(session.id))
  const recorder = await openRecording({
    folder: link.folders.recordings,
    sessionID: session.id,
    version: config.recordingVersion,
    cols: options.cols,
    rows: options.rows,
    command: command.join(' '),
    title: `${session.subject.name} on ${link.info.context}`,
    termType: environment.term,
    shell: environment.shell,
  })
  await link.client.nameRecording(session.id, basename(recorder.path))
  const kubeconfig = await writeSessionKubeconfig(kubeconfigOf(link, grant))
  parts.defer(() => kubeconfig.remove())
  const events = new SessionEvents(client, session)
  parts.defer(() => events.stop())
  events.subscribe((event) => mark(recorder, event))
  const held = parts.move()
  return {
    config,
    link,
    session,
    client,
    recorder,
    folder: dirname(kubeconfig.path),
    variables: shellEnvironment(environment.variables, {
      kubeconfig: kubeconfig.path,
      sessionID: session.id,
      ...(kubectl.folder === undefined ? {} : { kubectlFolder: kubectl.folder }),
    }),
    subscribe: (listener) => events.subscribe(listener),
    finish: async (exitStatus) => {
      open = false
      const ended = await endQuietly(context, link, events.session)
      await recorder.end(exitStatus)
      return ended
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

function kubeconfigOf(link: Link, grant: SessionGrant) {
  return {
    folder: join(link.folders.run, 'sessions', grant.session.id),
    server: grant.endpoint,
    caPem: link.caPem,
    token: grant.token,
    contextName: `chaperone-${link.info.context}`,
  }
}

/** A broker that is gone has ended the session with itself; the recording must still be closed. */
async function endQuietly(context: Context, link: Link, session: Session): Promise<Session> {
  try {
    return await link.client.endSession(session.id)
  } catch (thrown) {
    say(context, `the session could not be closed in order: ${toFault(thrown).message}`)
    return session
  }
}

/** What reviewers jump to in a recording: everything but plain reads that were allowed. */
function mark(recorder: RecordingWriter, event: SessionEvent): void {
  if (event.type === 'held') {
    const { id, state, command } = event.held
    if (state !== 'executing') recorder.marker(`${state} ${id}: ${command}`)
  }
  if (event.type === 'request') {
    const { decision, command, masked, heldID } = event.note
    if (decision === 'deny') recorder.marker(`denied: ${command}`)
    else if (masked > 0 && heldID === '') recorder.marker(`masked ${masked}: ${command}`)
  }
}
