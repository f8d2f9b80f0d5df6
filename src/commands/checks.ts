import { execFile } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { count } from '../../ui/words/notices.ts'
import { plain } from '../../ui/words/plain.ts'
import type { Config } from '../config/load.ts'
import { readPolicyFiles } from '../config/policy-files.ts'
import { prepareState } from '../config/state.ts'
import { reviewerFiles } from '../identity/reviewer-files.ts'
import { verifyJournal } from '../journal/reader.ts'
import { loadUpstream } from '../kube/kubeconfig.ts'
import { Fault, toFault } from '../model/fault.ts'
import { loadPolicy } from '../policy/parse.ts'
import { readJournalKeys } from '../trust/signing-key.ts'
import type { Context } from './command.ts'
import { describeUser, readContexts } from './contexts.ts'
import { findKubectl, programProblem } from './kubectl.ts'
import { knownClusters } from './known-clusters.ts'
import { connect } from './link.ts'
import { listOf } from './person.ts'

/** Recordings and the journal stop the session when the disk is full; below this it is time to say so. */
const lowDiskBytes = 200 * 1024 * 1024

/** What a check found; a problem is thrown as a Fault instead. */
export interface Found {
  /** `note`: works, but worth knowing. */
  readonly level: 'ok' | 'note'
  readonly says: string
}

/** One thing a session needs. */
export interface Check {
  readonly name: string
  run(context: Context, config: Config): Promise<Found>
}

const ok = (says: string): Found => ({ level: 'ok', says })
const note = (says: string): Found => ({ level: 'note', says })

/** Everything that a new user could have wrong, in the order in which a session would meet it. */
export const checks: readonly Check[] = [
  { name: 'node', run: () => Promise.resolve(ok(process.versions.node)) },
  { name: 'kubectl', run: kubectl },
  { name: 'shell', run: shell },
  { name: 'terminal', run: (context) => Promise.resolve(terminal(context)) },
  { name: 'pty', run: pty },
  { name: 'state', run: state },
  { name: 'config', run: (context, config) => Promise.resolve(configuration(context, config)) },
  { name: 'policy', run: policy },
  { name: 'journal', run: journal },
  { name: 'reviewers', run: reviewers },
  { name: 'broker', run: broker },
  { name: 'context', run: kubeconfig },
  { name: 'cluster', run: cluster },
]

async function kubectl({ environment }: Context): Promise<Found> {
  const { path, folder } = await findKubectl(environment)
  const { stdout } = await promisify(execFile)(path, ['version', '--client', '--output=json'], { timeout: 10_000 })
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { gitVersion: string } }
  const found = `${clientVersion.gitVersion} at ${path}`
  return ok(folder === undefined ? found : `${found}, which came along: none is on the PATH`)
}

async function shell({ environment }: Context): Promise<Found> {
  const problem = await programProblem(environment.shell, environment.path.join(':'))
  if (problem === undefined) return ok(environment.shell)
  throw new Fault('ERR_ENVIRONMENT', `SHELL is ${environment.shell}, which cannot be run.`, {
    advice: 'Set SHELL, or name a shell: chaperone shell -- bash',
  })
}

function terminal({ environment, stdout }: Context): Found {
  if (environment.insideSession !== '') {
    return note(`this is inside supervised session ${environment.insideSession}: leave it to open another shell.`)
  }
  if (!stdout.isTTY) return note('not a terminal: only `chaperone run` works here.')
  if (['', 'dumb'].includes(environment.term)) return note('TERM is dumb: the shell opens with --ui=line.')
  const size = `${environment.term}, ${stdout.columns}×${stdout.rows}`
  const { variables } = environment
  const locale = variables['LC_ALL'] || variables['LC_CTYPE'] || variables['LANG'] || ''
  if (/utf-?8/i.test(locale)) return ok(size)
  return note(
    `${size}, but the locale is ${locale || 'not set'}: set LANG=C.UTF-8, or other letters than ASCII may look wrong.`,
  )
}

/** The part that is a binary, and may be missing on an unusual machine. */
async function pty(): Promise<Found> {
  try {
    await import('@lydell/node-pty')
    return ok(`${process.platform} on ${process.arch}`)
  } catch (cause) {
    throw new Fault('ERR_ENVIRONMENT', `There is no terminal library for ${process.platform} on ${process.arch}.`, {
      advice: 'Install again with npm ci on this very machine; `chaperone run` in a pipe works without.',
      cause,
    })
  }
}

async function state({ environment }: Context, config: Config): Promise<Found> {
  const { root } = await prepareState(config.stateFolder, environment.uid)
  const disk = await statfs(root)
  const free = disk.bavail * disk.bsize
  const mb = Math.round(free / 1024 / 1024)
  if (free >= lowDiskBytes) return ok(`${root}, ${mb} MB free`)
  return note(`${root} has only ${mb} MB free: free some space, sessions end when it is full.`)
}

/** That it could be read is known by now. */
function configuration({ environment }: Context, { file }: Config): Found {
  return ok(file === '' ? `no ${environment.configFile}, so all is as by default` : file)
}

async function policy(_context: Context, { policyFiles }: Config): Promise<Found> {
  if (policyFiles.length === 0) return ok('the built-in policy')
  const { name, rules } = loadPolicy(await readPolicyFiles(policyFiles))
  return ok(`${name}, ${count(rules.length, 'rule')} in ${policyFiles.join(', ')}`)
}

async function journal({ environment }: Context, config: Config): Promise<Found> {
  const folders = await prepareState(config.stateFolder, environment.uid)
  const report = await verifyJournal(folders.journal, {
    keys: await readJournalKeys(folders.trust),
    anchorFolder: folders.trust,
  })
  if (report.segments === 0) return note('nothing is written yet.')
  if (report.ok) return ok(`${count(report.events, 'event')}, and nothing was altered`)
  throw new Fault('ERR_JOURNAL', `The journal does not verify (${count(report.problems.length, 'problem')}).`, {
    advice: 'See `chaperone journal verify`.',
  })
}

async function reviewers({ environment }: Context, config: Config): Promise<Found> {
  if (config.upstream.kind === 'practice') return ok('the practice reviewer: chaperone review --practice')
  const folders = await prepareState(config.stateFolder, environment.uid)
  const names = (await reviewerFiles(folders.reviewers).list()).map(({ name }) => name)
  if (config.identity?.people !== undefined) {
    const others = names.length === 0 ? '' : `, and with a token: ${names.join(', ')}`
    return ok(`whom the policy names, signed in at ${config.identity.people.issuer}${others}`)
  }
  if (config.identity?.subjects !== undefined) {
    const { subjects } = await listOf(config.identity.subjects)
    return ok(`whom the policy names, of ${count(subjects.length, 'subject')} in ${config.identity.subjects}`)
  }
  if (names.length > 0) return ok(names.join(', '))
  return note('nobody, so what waits for a review can only expire: add a person with `chaperone reviewer add NAME`.')
}

async function broker({ environment }: Context, config: Config): Promise<Found> {
  const folders = await prepareState(config.stateFolder, environment.uid)
  try {
    await using link = await connect(folders, folders.operatorTokenFile)
    return ok(`runs for ${link.info.context} at ${link.info.endpoint}`)
  } catch (thrown) {
    const fault = toFault(thrown)
    if (fault.code !== 'ERR_BROKER') throw fault
    return note('none runs; `shell` and `run` start one.')
  }
}

async function kubeconfig({ environment }: Context, { upstream, stateFolder }: Config): Promise<Found> {
  if (upstream.kind === 'practice') return ok('practice')
  const contexts = await readContexts(upstream.paths)
  const name = upstream.context ?? contexts.current
  if (contexts.names.length === 0) {
    throw new Fault('ERR_KUBECONFIG', `There is no kubeconfig with a cluster at ${upstream.paths.join(' or ')}.`, {
      advice: 'Name one with --kubeconfig FILE, or try the practice cluster: chaperone --practice',
    })
  }
  const missing = upstream.paths.filter((path) => !contexts.files.some((file) => file.path === path))
  const lost = environment.kubeconfigFromVariable && missing.length > 0 ? `; not there: ${missing.join(', ')}` : ''
  const known = (await knownClusters(stateFolder)).some(({ context }) => context === name)
  const asked = known || upstream.context !== undefined ? '' : '; its first use will be asked for'
  const who = plain(describeUser(contexts, name))
  const says = `${plain(name) || 'none is current'} (of ${count(contexts.names.length, 'context')}), user ${who}${asked}${lost}`
  return lost === '' ? ok(says) : note(says)
}

async function cluster({ environment }: Context, { upstream }: Config): Promise<Found> {
  if (upstream.kind === 'practice') return ok('the practice cluster comes with Chaperone')
  const loaded = await loadUpstream({
    kubeconfigPaths: upstream.paths,
    environment: environment.variables,
    ...(upstream.context === undefined ? {} : { context: upstream.context }),
  })
  try {
    await loaded.ping()
    return ok(`${loaded.context} answers at ${loaded.server}`)
  } finally {
    await loaded.close()
  }
}
