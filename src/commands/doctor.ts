import { count } from '../../ui/words/notices.ts'
import { plain } from '../../ui/words/plain.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { toFault } from '../model/fault.ts'
import { checks, type Check } from './checks.ts'
import { exitCode, flag, printJson, type Command, type Context } from './command.ts'
import { withProgress } from './progress.ts'
import { brokerHelp, brokerOptions, configFlags } from './shared-options.ts'
import { wrap } from './wrap.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly level: 'ok' | 'note' | 'problem'
  readonly says: string
}

/** Where the words of a finding begin. */
const hang = 19

export const command: Command = {
  name: 'doctor',
  summary: 'Check everything that a session needs, and say what to do.',
  usage: 'chaperone doctor [OPTIONS]',
  help: `Looks at Node.js, kubectl, shell, terminal, state folder, configuration, policy, journal,
reviewers, broker and cluster, and asks the cluster for its version. Exits 1 when
something would stop a session.

Options
${brokerHelp}
  --json               machine-readable findings

Examples
  chaperone doctor --context staging
  chaperone doctor --practice --json`,
  options: { ...brokerOptions, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    const findings = await examine(
      context,
      () => loadConfig(configFlags(parsed), context.environment),
      (finding) => {
        if (!flag(parsed, 'json')) print(context, finding)
      },
    )
    const problems = findings.filter(({ level }) => level === 'problem').length
    if (flag(parsed, 'json')) printJson(context, findings)
    else context.stdout.write(`\n${summary(problems)}\n`)
    return problems === 0 ? exitCode.ok : exitCode.failed
  },
}

/** Every check, each told as soon as it is done. Without a configuration only what needs none is looked at. */
async function examine(
  context: Context,
  load: () => Promise<Config>,
  tell: (finding: Finding) => void,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const add = (finding: Finding) => {
    findings.push(finding)
    tell(finding)
  }
  let config: Config
  try {
    config = await load()
  } catch (thrown) {
    add(problem('config', thrown))
    return findings
  }
  for (const check of checks) {
    // Without a context there is no cluster to ask.
    if (check.name === 'cluster' && findings.at(-1)?.ok === false) break
    add(await withProgress(context, `checking: ${check.name}`, () => carryOut(check, context, config)))
  }
  return findings
}

async function carryOut(check: Check, context: Context, config: Config): Promise<Finding> {
  try {
    return { check: check.name, ok: true, ...(await check.run(context, config)) }
  } catch (thrown) {
    return problem(check.name, thrown)
  }
}

function problem(check: string, thrown: unknown): Finding {
  return { check, ok: false, level: 'problem', says: toFault(thrown).sentence }
}

const marks = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' } as const

function print(context: Context, { level, check, says }: Finding): void {
  const line = `${marks[level]} ${check.padEnd(hang - 9)} `
  const words = says.split('\n').map(plain)
  // A file or a pipe gets one line for each finding.
  const text = context.stdout.isTTY
    ? words
        .map((part) => wrap(part, hang, hang, context.stdout.columns))
        .join('\n')
        .trimStart()
    : words.join(' ')
  context.stdout.write(`${line}${text}\n`)
}

function summary(problems: number): string {
  if (problems === 0) return 'Everything that a session needs is here.'
  return `${count(problems, 'problem')}: do what is said above, and run \`chaperone doctor\` again.`
}
