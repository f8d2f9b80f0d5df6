import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { startBroker } from '../broker.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { prepareState, type StateFolders } from '../config/state.ts'
import { localSubject } from '../identity/local.ts'
import { newToken } from '../identity/tokens.ts'
import { livingWriter } from '../journal/lock.ts'
import { Fault } from '../model/fault.ts'
import { startChild } from './children.ts'
import { exitCode, flag, say, text, type Command, type Context } from './command.ts'
import { agreeToStart } from './first-use.ts'
import { readOptional, writePrivateFile } from './files.ts'
import { version } from './overview.ts'
import { recordPolicy } from './policy-record.ts'
import { withProgress } from './progress.ts'
import { parseReady, practiceReadySchema, type BrokerReady } from './ready.ts'
import { brokerHelp, brokerOptions, configFlags } from './shared-options.ts'
import { ending } from './signals.ts'

export const command: Command = {
  name: 'serve',
  summary: 'Run the broker in the foreground.',
  usage: 'chaperone serve [OPTIONS]',
  help: `The broker holds the cluster credential and decides every request. \`shell\` and \`run\` use the broker of their
state folder, and start one when there is none.

Options
${brokerHelp}
  --ready-file FILE    write JSON with endpoint, caFile, control and pid once it answers
  --until-idle         end when the last session has ended

Examples
  chaperone serve --context staging --ready-file /tmp/ready.json
  chaperone run -- kubectl get pods`,
  options: { ...brokerOptions, 'ready-file': { type: 'string' }, 'until-idle': { type: 'boolean' } },
  run: async (context, parsed) => {
    const config = await loadConfig(configFlags(parsed), context.environment)
    const folders = await prepareState(config.stateFolder, context.environment.uid)
    await refuseSecondBroker(folders)
    await using parts = new AsyncDisposableStack()
    const agreed = await agreeToStart(context, config, parsed, folders)
    const practice = agreed.kind === 'practice'
    const upstream = await findUpstream(context, agreed, folders, parts)
    await recordPolicy(folders.root, config.policyFiles)
    const operatorToken = newToken()
    const practiceReviewerToken = practice ? newToken() : undefined
    const broker = await startBroker({
      version: version(),
      folders,
      operator: localSubject({ name: context.environment.user, uid: context.environment.uid }),
      operatorToken,
      practice: practiceReviewerToken === undefined ? undefined : { reviewerToken: practiceReviewerToken },
      upstream,
      impersonate: config.impersonate,
      environment: context.environment.variables,
      listen: config.listen,
      policyFiles: config.policyFiles,
      policyChanged: () => recordPolicy(folders.root, config.policyFiles),
      ...(config.identity === undefined ? {} : { identity: config.identity }),
      warn: (sentence) => say(context, sentence),
    })
    parts.defer(() => broker.close())
    if (practice) await rm(upstream.kubeconfigPaths[0] ?? '', { force: true })
    await writePrivateFile(folders.operatorTokenFile, `${operatorToken}\n`)
    await publishPracticeReviewer(folders, practiceReviewerToken, parts)
    const ready: BrokerReady = {
      kind: 'Broker',
      pid: process.pid,
      endpoint: broker.endpoint,
      caFile: broker.caFile,
      control: broker.control,
      operatorTokenFile: folders.operatorTokenFile,
      context: broker.context,
      server: broker.server,
      practice,
      mode: 'local',
      stateFolder: folders.root,
    }
    // Whoever reads that it is ready may end it at once.
    const ended = ending()
    const line = `${JSON.stringify(ready)}\n`
    await writePrivateFile(folders.brokerFile, line)
    parts.defer(async () => {
      if ((await readOptional(folders.brokerFile)) === line) await rm(folders.brokerFile, { force: true })
    })
    const readyFile = text(parsed, 'ready-file')
    if (readyFile !== undefined) await writePrivateFile(resolve(readyFile), line)
    context.stdout.write(line)
    say(context, `broker for ${broker.context} (${broker.server}) at ${broker.endpoint}; mode local`)
    const reason = await Promise.race([ended, ...(flag(parsed, 'until-idle') ? [broker.idle] : [])])
    say(context, `ending (${reason})`)
    return exitCode.ok
  },
}

/** The token is of use only while this broker runs, and goes with it; one that an earlier broker left is dead. */
async function publishPracticeReviewer(
  folders: StateFolders,
  token: string | undefined,
  parts: AsyncDisposableStack,
): Promise<void> {
  const path = folders.practiceReviewerTokenFile
  await rm(path, { force: true })
  if (token === undefined) return
  await writePrivateFile(path, `${token}\n`)
  parts.defer(async () => {
    if ((await readOptional(path))?.trim() === token) await rm(path, { force: true })
  })
}

async function refuseSecondBroker(folders: StateFolders): Promise<void> {
  const pid = await livingWriter(folders.journal)
  if (pid === undefined) return
  throw new Fault('ERR_STATE', `A broker (process ${pid}) already runs in ${folders.root}.`, {
    advice: 'Use it with `chaperone shell` or `chaperone run`, end it, or choose another folder with --state DIR.',
  })
}

async function findUpstream(
  context: Context,
  agreed: Config['upstream'],
  folders: StateFolders,
  parts: AsyncDisposableStack,
): Promise<{ kubeconfigPaths: readonly string[]; context: string | undefined }> {
  if (agreed.kind === 'kubeconfig') {
    return { kubeconfigPaths: agreed.paths, context: agreed.context }
  }
  const kubeconfig = join(folders.practice, 'kubeconfig')
  const { child, ready } = await withProgress(context, 'starting the practice cluster', () =>
    startChild({
      args: ['practice', `--kubeconfig-out=${kubeconfig}`, '--until-stdin-closes'],
      variables: context.environment.variables,
      log: join(folders.practice, 'practice.log'),
      detached: false,
      what: 'The practice cluster',
    }),
  )
  parts.defer(() => void child.stdin?.end())
  parseReady(practiceReadySchema, ready, 'The practice cluster')
  return { kubeconfigPaths: [kubeconfig], context: undefined }
}
