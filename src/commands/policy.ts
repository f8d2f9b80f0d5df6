import { readFile } from 'node:fs/promises'
import { fileProblem } from '../config/file-problem.ts'
import { loadConfig } from '../config/load.ts'
import { prepareState } from '../config/state.ts'
import { reviewerFiles } from '../identity/reviewer-files.ts'
import { Fault } from '../model/fault.ts'
import { annotation, type AuditEvent } from '../model/audit.ts'
import { builtinSource } from '../policy/builtin.ts'
import { lint } from '../policy/lint.ts'
import { policySchema } from '../policy/json-schema.ts'
import { loadPolicy } from '../policy/parse.ts'
import { count } from '../../ui/words/notices.ts'
import { plain } from '../../ui/words/plain.ts'
import { exitCode, flag, list, printJson, say, text, type Command, type Context, type Parsed } from './command.ts'
import { describedRequest, describedSubject, inputOf } from './described-request.ts'
import { eventsOf, latestEvents, mostTelling } from './decisions.ts'
import { foldersOf } from './link.ts'
import { explanationOf, rememberedInput, type Explanation } from './policy-explain.ts'
import { isBuiltin, policyRecord } from './policy-record.ts'
import { briefly, eachPath } from './masked-paths.ts'
import { chosenPolicy, policyOf } from './policy-source.ts'
import { runPolicyTest } from './policy-test.ts'
import { whatIf } from './policy-whatif.ts'
import { configFlags, stateHelp, stateOption } from './shared-options.ts'
import { prose } from './wrap.ts'

export const command: Command = {
  name: 'policy',
  summary: 'Check, explain and test policies, and see what a new one would change.',
  usage: 'chaperone policy check FILE… | explain … | test FILE… | whatif FILE… | schema',
  help: `\`check\` reads policy files together: what is wrong in them, which rules never have the last word, which holds
nobody could release. \`explain ID|last\` and \`explain VERB RESOURCE [NAME]\` say what every rule has to say to a request, what would
be masked, and what would let it pass; a request of the journal is put to the policy files that decided it, as they stand
now. \`test\` runs files of kind PolicyTest. \`whatif\` puts the requests of the journal to
other policy files, in the order and at the time they came, and lists those that would be decided otherwise; bodies are
not in the journal, so what depends on them is marked with "perhaps". \`schema\` prints the JSON Schema for editors. check, test and whatif exit 1 when there is anything to say.

Options
  --policy FILE        policy file, may be repeated; default: as configured, else the
                       built-in policy
  --as NAME            explain: who asks; default the local user
  --as-group GROUP     explain: a group of the caller, may be repeated
  --api-group GROUP    explain: API group, like apps
  --namespace NAME     explain: namespace; default none
  --body FILE          explain: the body of the request, as JSON
  --dry-run            explain: with dryRun=All
  --since TIME         whatif: only requests from this time on
  --config FILE        configuration that names the policy files
  --json               machine-readable
${stateHelp}

Examples
  chaperone policy check production.yaml masks.yaml
  chaperone policy explain delete pods web --namespace=shop
  chaperone policy test production.test.yaml
  chaperone policy whatif stricter.yaml --since=2026-11-01T00:00:00Z`,
  options: {
    ...stateOption,
    config: { type: 'string' },
    policy: { type: 'string', multiple: true },
    as: { type: 'string' },
    'as-group': { type: 'string', multiple: true },
    'api-group': { type: 'string' },
    namespace: { type: 'string' },
    body: { type: 'string' },
    'dry-run': { type: 'boolean' },
    since: { type: 'string' },
    json: { type: 'boolean' },
  },
  run: async (context, parsed) => {
    const [order = '', ...given] = parsed.positionals
    const act = orders[order]
    if (act === undefined) throw new Fault('ERR_USAGE', 'Say what to do: check, explain, test, whatif or schema.')
    return act(context, parsed, given)
  },
}

type Order = (context: Context, parsed: Parsed, given: readonly string[]) => Promise<number>

const orders: Readonly<Record<string, Order>> = {
  check,
  explain: explainRequest,
  test,
  whatif,
  schema: (context) => {
    printJson(context, policySchema())
    return Promise.resolve(exitCode.ok)
  },
}

async function check(context: Context, parsed: Parsed, files: readonly string[]): Promise<number> {
  const { rules } = files.length === 0 ? await chosenPolicy(context, parsed) : await policyOf(files)
  const { stateFolder } = await loadConfig(configFlags(parsed), context.environment)
  const folders = await prepareState(stateFolder, context.environment.uid)
  const known = await reviewerFiles(folders.reviewers).list()
  const findings = lint(rules, known.length === 0 ? undefined : known)
  if (flag(parsed, 'json')) printJson(context, { rules: rules.length, findings })
  else for (const { rule, message } of findings) context.stdout.write(`${rule}: ${message}\n`)
  if (findings.length > 0) return exitCode.failed
  say(context, `${count(rules.length, 'rule')}, and nothing to find fault with.`)
  return exitCode.ok
}

async function explainRequest(context: Context, parsed: Parsed, given: readonly string[]): Promise<number> {
  const [first, resource, name] = given
  if (first === undefined) throw new Fault('ERR_USAGE', 'Name a request: explain ID, or explain VERB RESOURCE [NAME].')
  const { input, policy } =
    resource === undefined
      ? await remembered(context, parsed, first)
      : {
          input: await described(context, parsed, first, resource, name),
          policy: await chosenPolicy(context, parsed),
        }
  const explanation = explanationOf(policy, input)
  if (flag(parsed, 'json')) printJson(context, { ...explanation, masked: explanation.masked.flatMap(eachPath) })
  else context.stdout.write(prose(explained(explanation), context.stdout, 4))
  return exitCode.ok
}

async function remembered(context: Context, parsed: Parsed, id: string) {
  const folders = foldersOf(text(parsed, 'state'), context)
  const isLast = id === 'last' || id === 'latest'
  const events = isLast ? await latestEvents(folders.journal) : await eventsOf(folders.journal, id)
  const event = mostTelling(events)
  const input = event === undefined ? undefined : rememberedInput(event)
  if (event !== undefined && input !== undefined) {
    return { input, policy: await policyThen(context, parsed, folders.root, event) }
  }
  const problem =
    event !== undefined
      ? `Policy was not asked about ${event.auditID}.`
      : isLast
        ? 'No request has been decided yet.'
        : `The journal has no request ${id}.`
  throw new Fault('ERR_NOT_FOUND', problem, {
    advice:
      event === undefined
        ? 'Refusals name their ID; or describe a request: chaperone policy explain get pods.'
        : `See chaperone why ${event.auditID}.`,
  })
}

/** What the options choose, else the files that decided the request, as they stand now. */
async function policyThen(context: Context, parsed: Parsed, stateFolder: string, { annotations }: AuditEvent) {
  if (list(parsed, 'policy').length > 0 || text(parsed, 'config') !== undefined) return chosenPolicy(context, parsed)
  const digest = annotations[annotation.policy] ?? ''
  const record = await policyRecord(stateFolder, digest)
  if (record === undefined) return chosenPolicy(context, parsed)
  const policy = isBuiltin(record) ? loadPolicy([builtinSource]) : await policyOf(record.files)
  if (policy.digest !== digest) {
    say(context, `${record.files.join(' and ')} changed since that request; this is what the policy says now.`)
  }
  return policy
}

async function described(context: Context, parsed: Parsed, verb: string, resource: string, name: string | undefined) {
  const body = text(parsed, 'body')
  const where = resource.startsWith('/') ? { path: resource } : { resource, name, apiGroup: text(parsed, 'api-group') }
  const request = describedRequest.safeParse({
    verb,
    ...where,
    namespace: text(parsed, 'namespace'),
    dryRun: flag(parsed, 'dry-run'),
    object: body === undefined ? undefined : await readObject(body),
  })
  if (!request.success) {
    const issue = request.error.issues[0]
    throw new Fault('ERR_USAGE', `There is no such request: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`)
  }
  const local = { name: context.environment.user, groups: ['chaperone:operators'] }
  const who = text(parsed, 'as')
  const groups = list(parsed, 'as-group')
  const subject = who === undefined && groups.length === 0 ? local : { name: who ?? local.name, groups }
  return inputOf(describedSubject.parse(subject), request.data)
}

async function readObject(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? 'it is not JSON' : fileProblem(cause)
    throw new Fault('ERR_USAGE', `Cannot read ${file}: ${problem}.`, { cause })
  }
}

function explained({ decision, reasons, masked, wayForward, rules }: Explanation): string {
  const spoke = reasons.map(({ rule, message }) => `  ${rule ?? 'no rule'}: ${message}`)
  const silent = rules.filter(({ speaks }) => !speaks).map(({ rule, because }) => `  ${rule}: ${because}`)
  const lines = [
    `Decision: ${decision}`,
    ...spoke,
    ...(masked.length === 0 ? ['Masked: nothing'] : ['Masked:', ...briefly(masked).map((line) => `  ${line}`)]),
    `To pass: ${wayForward}`,
    'Silent:',
    ...silent,
  ]
  return `${lines.map((line) => plain(line)).join('\n')}\n`
}

async function test(context: Context, parsed: Parsed, files: readonly string[]): Promise<number> {
  if (files.length === 0) throw new Fault('ERR_USAGE', 'Name a file of kind PolicyTest: chaperone policy test FILE')
  const policy = list(parsed, 'policy').length === 0 ? undefined : await chosenPolicy(context, parsed)
  const results = (await Promise.all(files.map((file) => runPolicyTest(file, policy)))).flat()
  const failed = results.filter(({ passed }) => !passed)
  if (flag(parsed, 'json')) printJson(context, results)
  else for (const { name, problem } of failed) context.stdout.write(`${plain(name)}: ${problem}\n`)
  say(
    context,
    `${count(results.length, 'case')}, ${failed.length === 0 ? 'all as expected' : `${failed.length} not as expected`}.`,
  )
  return failed.length === 0 ? exitCode.ok : exitCode.failed
}

async function whatif(context: Context, parsed: Parsed, files: readonly string[]): Promise<number> {
  if (files.length === 0) throw new Fault('ERR_USAGE', 'Name the policy to try: chaperone policy whatif FILE…')
  const { journal } = foldersOf(text(parsed, 'state'), context)
  const result = await whatIf(journal, await policyOf(files), text(parsed, 'since'))
  if (flag(parsed, 'json')) printJson(context, result)
  else {
    for (const { command: what, user, before, after, rules, times, depends } of result.changes) {
      const perhaps =
        depends.length === 0 ? '' : `; perhaps: ${depends.join(', ')} depends on what the journal does not keep`
      context.stdout.write(
        `${before} → ${after}  ${times}×  ${plain(user)}: ${plain(what)}  (${rules.join(', ')}${perhaps})\n`,
      )
    }
  }
  say(
    context,
    `${count(result.requests, 'request')} looked at, ${count(result.changes.length, 'kind')} of them would be decided otherwise.`,
  )
  return result.changes.length === 0 ? exitCode.ok : exitCode.failed
}
