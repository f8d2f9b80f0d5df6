import { execFile } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { loadConfig } from '../config/load.ts'
import { prepareState } from '../config/state.ts'
import { verifyJournal } from '../journal/reader.ts'
import { readJournalKeys } from '../trust/signing-key.ts'
import { loadPolicy } from '../policy/parse.ts'
import { readPolicyFiles } from '../config/policy-files.ts'
import { loadUpstream } from '../kube/kubeconfig.ts'
import { toFault } from '../model/fault.ts'
import { plain } from '../../ui/words/plain.ts'
import { exitCode, flag, printJson, type Command, type Context, type Parsed } from './command.ts'
import { findKubectl } from './kubectl.ts'
import { connect } from './link.ts'
import { withProgress } from './progress.ts'
import { brokerHelp, brokerOptions, configFlags } from './shared-options.ts'

/** Recordings and the journal stop the session when the disk is full; below this it is time to say so. */
const lowDiskBytes = 200 * 1024 * 1024

interface Finding {
  readonly check: string
  readonly ok: boolean
  /** `note`: works, but worth knowing. */
  readonly level: 'ok' | 'note' | 'problem'
  readonly says: string
}

export const command: Command = {
  name: 'doctor',
  summary: 'Check Node, kubectl, terminal, state folder and cluster; say what to do.',
  usage: 'chaperone doctor [OPTIONS]',
  help: `Exits 1 when something would stop a session.

Options
${brokerHelp}
  --json               machine-readable findings

Examples
  chaperone doctor --context staging
  chaperone doctor --practice --json`,
  options: { ...brokerOptions, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    const findings = await examine(context, parsed)
    if (flag(parsed, 'json')) printJson(context, findings)
    else
      for (const { level, check, says } of findings)
        context.stdout.write(`${marks[level]} ${check.padEnd(9)} ${says}\n`)
    return findings.every(({ ok }) => ok) ? exitCode.ok : exitCode.failed
  },
}

const marks = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' } as const

async function examine(context: Context, parsed: Parsed): Promise<readonly Finding[]> {
  const check = async (name: string, run: () => Promise<string | Finding>): Promise<Finding> => {
    try {
      const says = await withProgress(context, `checking: ${name}`, run)
      return typeof says === 'string' ? { check: name, ok: true, level: 'ok', says } : says
    } catch (thrown) {
      return { check: name, ok: false, level: 'problem', says: plain(toFault(thrown).sentence) }
    }
  }
  return [
    await check('node', () => Promise.resolve(process.versions.node)),
    await check('kubectl', () => kubectl(context)),
    await check('terminal', () => Promise.resolve(terminal(context))),
    await check('state', () => state(context, parsed)),
    await check('policy', () => policy(context, parsed)),
    await check('journal', () => journal(context, parsed)),
    await check('broker', () => broker(context, parsed)),
    await check('cluster', () => cluster(context, parsed)),
  ]
}

async function kubectl(context: Context): Promise<string> {
  const { path } = await findKubectl(context.environment)
  const { stdout } = await promisify(execFile)(path, ['version', '--client', '--output=json'], { timeout: 10_000 })
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { gitVersion: string } }
  return `${clientVersion.gitVersion} at ${path}`
}

function terminal(context: Context): Finding | string {
  const note = (says: string): Finding => ({ check: 'terminal', ok: true, level: 'note', says })
  if (!context.stdout.isTTY) return note('not a terminal: only `chaperone run` works here.')
  if (['', 'dumb'].includes(context.environment.term)) return note('TERM is dumb: the shell opens with --ui=line.')
  return `${context.environment.term}, ${context.stdout.columns}×${context.stdout.rows}`
}

async function state(context: Context, parsed: Parsed): Promise<Finding | string> {
  const config = await loadConfig(configFlags(parsed), context.environment)
  const folders = await prepareState(config.stateFolder, context.environment.uid)
  const disk = await statfs(folders.root)
  const free = disk.bavail * disk.bsize
  const mb = Math.round(free / 1024 / 1024)
  if (free >= lowDiskBytes) return `${folders.root}, ${mb} MB free`
  return {
    check: 'state',
    ok: true,
    level: 'note',
    says: `${folders.root} has only ${mb} MB free: free some space, sessions end when it is full.`,
  }
}

async function policy(context: Context, parsed: Parsed): Promise<string> {
  const { policyFiles } = await loadConfig(configFlags(parsed), context.environment)
  if (policyFiles.length === 0) return 'the built-in policy'
  const { name, rules } = loadPolicy(await readPolicyFiles(policyFiles))
  return `${name}, ${rules.length} rules`
}

async function journal(context: Context, parsed: Parsed): Promise<Finding | string> {
  const config = await loadConfig(configFlags(parsed), context.environment)
  const folders = await prepareState(config.stateFolder, context.environment.uid)
  const report = await verifyJournal(folders.journal, {
    keys: await readJournalKeys(folders.trust),
    anchorFolder: folders.trust,
  })
  if (report.segments === 0) return { check: 'journal', ok: true, level: 'note', says: 'nothing is written yet.' }
  if (report.ok) return `${report.events} events, chain and signatures fit`
  const says = `does not verify (${report.problems.length} problems): see \`chaperone journal verify\`.`
  return { check: 'journal', ok: false, level: 'problem', says }
}

async function broker(context: Context, parsed: Parsed): Promise<Finding | string> {
  const config = await loadConfig(configFlags(parsed), context.environment)
  const folders = await prepareState(config.stateFolder, context.environment.uid)
  try {
    await using link = await connect(folders, folders.operatorTokenFile)
    return `runs for ${link.info.context} at ${link.info.endpoint}`
  } catch (thrown) {
    const fault = toFault(thrown)
    if (fault.code !== 'ERR_BROKER') throw fault
    return { check: 'broker', ok: true, level: 'note', says: 'none runs; `shell` and `run` start one.' }
  }
}

async function cluster(context: Context, parsed: Parsed): Promise<string> {
  const config = await loadConfig(configFlags(parsed), context.environment)
  if (config.upstream.kind === 'practice') return 'the practice cluster comes with Chaperone'
  const upstream = await loadUpstream({
    kubeconfigPaths: config.upstream.paths,
    environment: context.environment.variables,
    ...(config.upstream.context === undefined ? {} : { context: config.upstream.context }),
  })
  try {
    await upstream.ping()
    return `${upstream.context} answers at ${upstream.server}`
  } finally {
    await upstream.close()
  }
}
