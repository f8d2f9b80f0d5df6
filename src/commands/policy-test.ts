import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { fileProblem } from '../config/file-problem.ts'
import { Fault } from '../model/fault.ts'
import type { Decision } from '../model/decision.ts'
import { readDocuments } from '../policy/documents.ts'
import type { Policy } from '../policy/parse.ts'
import { builtinSource } from '../policy/builtin.ts'
import { loadPolicy } from '../policy/parse.ts'
import type { DecisionInput } from '../policy/port.ts'
import { describedRequest, describedSubject, inputOf } from './described-request.ts'
import { policyOf } from './policy-source.ts'

/** A file of cases for a policy. */
const policyTest = z.strictObject({
  apiVersion: z.literal('chaperone/v1'),
  kind: z.literal('PolicyTest'),
  policies: z
    .array(z.string().min(1))
    .optional()
    .describe('Policy files beside this one. Default: the built-in policy.'),
  cases: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        subject: describedSubject,
        request: describedRequest,
        reason: z.string().optional().describe('What the session says of why.'),
        watched: z.boolean().optional().describe('Whether a reviewer looks on.'),
        expect: z.enum(['allow', 'hold', 'deny']),
        rule: z.string().min(1).optional().describe('policy/rule that has to be among those that decided.'),
        silent: z.string().min(1).optional().describe('policy/rule that must not be among them.'),
        masks: z.array(z.string()).optional().describe('Mask sets that have to apply, and no others.'),
      }),
    )
    .min(1),
})

export interface CaseResult {
  readonly name: string
  readonly passed: boolean
  /** What came instead, empty when it passed. */
  readonly problem: string
}

/**
 * Runs the cases of one file; `policy` replaces the one it names.
 *
 * @throws Fault ERR_POLICY when the file cannot be read or does not parse.
 */
export async function runPolicyTest(file: string, policy?: Policy): Promise<readonly CaseResult[]> {
  const { policies, cases } = parseTest(file, await read(file))
  const beside = policies?.map((path) => resolve(dirname(file), path))
  const tested = policy ?? (beside === undefined ? loadPolicy([builtinSource]) : await policyOf(beside))
  return cases.map((one) => {
    const problem = problemOf(one, tested.decide(caseInput(one)))
    return { name: one.name, passed: problem === '', problem }
  })
}

type Case = z.infer<typeof policyTest>['cases'][number]

function caseInput({ subject, request, reason, watched = false }: Case): DecisionInput {
  const input = inputOf(subject, request)
  return { ...input, session: { ...input.session, ...(reason === undefined ? {} : { reason }) }, isWatched: watched }
}

function problemOf(one: Case, decision: Decision): string {
  const rules = decision.reasons.map(({ rule, code }) => rule ?? code)
  if (decision.effect !== one.expect) return `expected ${one.expect}, got ${decision.effect} (${rules.join(', ')})`
  if (one.rule !== undefined && !rules.includes(one.rule))
    return `expected ${one.rule} to decide, got ${rules.join(', ')}`
  if (one.silent !== undefined && rules.includes(one.silent)) return `expected ${one.silent} to stay silent`
  const masks = masksOf(decision).join(', ')
  if (one.masks === undefined || masks === one.masks.toSorted().join(', ')) return ''
  return `expected the masks ${one.masks.join(', ') || 'none'}, got ${masks || 'none'}`
}

export function masksOf({ obligations }: Decision): readonly string[] {
  return obligations.flatMap((duty) => (duty.kind === 'mask' ? [duty.maskSet] : [])).toSorted()
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('ERR_POLICY', `Cannot read ${file}: ${fileProblem(cause)}.`, { cause })
  }
}

function parseTest(file: string, text: string): z.infer<typeof policyTest> {
  const { documents, problems } = readDocuments({ file, text })
  const [document, ...others] = documents
  const [problem] = problems
  if (problem !== undefined) throw new Fault('ERR_POLICY', `${file}:${problem.line}: ${problem.message}`)
  if (document === undefined || others.length > 0) throw new Fault('ERR_POLICY', `${file}: one PolicyTest is one file.`)
  const result = policyTest.safeParse(document.value)
  if (result.success) return result.data
  const lines = result.error.issues.map(
    ({ path, message }) => `${file}:${document.lineOf(path)}: ${path.join('.')} ${message}`,
  )
  throw new Fault('ERR_POLICY', `The policy test cannot be used:\n${lines.join('\n')}`)
}
