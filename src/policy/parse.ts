import type { z } from 'zod'
import type { MaskSet } from '../mask/port.ts'
import { compileMaskSet, compileRule, digestOf } from './compile.ts'
import { makeAsksOldObject, makeCountsObjects, makeDecide, makeSpend } from './decide.ts'
import { readDocuments, type PolicySource, type Problem, type SourceDocument } from './documents.ts'
import type { AsksOldObject, CountsObjects, Decide, Spend } from './port.ts'
import { policyFault, problemsOf } from './problems.ts'
import type { Rule } from './rule.ts'
import { accessPolicy, maskSet, type AccessPolicySource } from './schema.ts'
import { didYouMean } from './suggest.ts'

/** A loaded policy, ready to decide. */
export interface Policy {
  /** Names of the AccessPolicies, joined with commas. */
  readonly name: string
  /** SHA-256 (hex) of the source texts. */
  readonly digest: string
  readonly decide: Decide
  readonly asksOldObject: AsksOldObject
  readonly countsObjects: CountsObjects
  readonly spend: Spend
  readonly maskSets: readonly MaskSet[]
  readonly rules: readonly Rule[]
}

interface Parts {
  readonly policies: { readonly document: SourceDocument; readonly source: AccessPolicySource }[]
  readonly maskSets: { readonly document: SourceDocument; readonly maskSet: MaskSet }[]
  readonly problems: Problem[]
}

/**
 * Reads AccessPolicy and MaskSet documents; files may come in any order. `sources` are the files' texts.
 *
 * @throws Fault ERR_POLICY that lists every problem with file and line. A policy with one problem is not used at all.
 */
export function loadPolicy(sources: readonly PolicySource[]): Policy {
  const parts: Parts = { policies: [], maskSets: [], problems: [] }
  for (const source of sources) readSource(source, parts)
  const rules = parts.policies.flatMap((policy) => compilePolicy(policy, parts))
  if (parts.policies.length === 0 && parts.problems.length === 0) {
    const file = sources[0]?.file ?? 'policy'
    parts.problems.push({ file, line: 1, message: 'there is no AccessPolicy, so nothing would be allowed' })
  }
  reportRepeated(
    parts.policies.map(({ document, source }) => ({ document, name: source.metadata.name })),
    'AccessPolicy',
    parts,
  )
  reportRepeated(
    parts.maskSets.map(({ document, maskSet: { name } }) => ({ document, name })),
    'MaskSet',
    parts,
  )
  if (parts.problems.length > 0) throw policyFault(parts.problems)
  const digest = digestOf(sources)
  return {
    name: parts.policies
      .map(({ source }) => source.metadata.name)
      .toSorted()
      .join(','),
    digest,
    decide: makeDecide(rules, digest),
    asksOldObject: makeAsksOldObject(rules),
    countsObjects: makeCountsObjects(rules),
    spend: makeSpend(rules),
    maskSets: parts.maskSets.map((part) => part.maskSet),
    rules,
  }
}

function readSource(source: PolicySource, parts: Parts): void {
  const { documents, problems } = readDocuments(source)
  parts.problems.push(...problems)
  for (const document of documents) readDocument(document, parts)
}

function readDocument(document: SourceDocument, parts: Parts): void {
  const kind = kindOf(document.value)
  if (kind === 'AccessPolicy') {
    const source = checked(accessPolicy, document, parts)
    if (source !== undefined) parts.policies.push({ document, source })
  } else if (kind === 'MaskSet') {
    const source = checked(maskSet, document, parts)
    if (source !== undefined) parts.maskSets.push({ document, maskSet: compileMaskSet(source) })
  } else {
    const given = kind === undefined ? 'has no kind' : `has the unknown kind ${JSON.stringify(kind)}`
    const message = `the document ${given}; it must be AccessPolicy or MaskSet.${didYouMean(String(kind), ['AccessPolicy', 'MaskSet'])}`
    parts.problems.push({ file: document.file, line: document.lineOf(['kind']), message })
  }
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined
}

function checked<T>(schema: z.ZodType<T>, document: SourceDocument, parts: Parts): T | undefined {
  const result = schema.safeParse(document.value)
  if (result.success) return result.data
  parts.problems.push(...problemsOf(document, result.error.issues))
  return undefined
}

function maskHint(mask: string, known: ReadonlySet<string>): string {
  if (known.size > 0) return didYouMean(mask, known) || ` There is: ${[...known].join(', ')}.`
  return ' A policy brings its own: put one beside the rules, behind a line ---, as docs/policy.md shows.'
}

function compilePolicy({ document, source }: Parts['policies'][number], parts: Parts): Rule[] {
  const maskSetNames = new Set(parts.maskSets.map((part) => part.maskSet.name))
  const names = new Set<string>()
  return source.rules.flatMap((rule, index) => {
    const report = (path: readonly PropertyKey[], message: string) =>
      parts.problems.push({
        file: document.file,
        line: document.lineOf(['rules', index, ...path]),
        message: `rule ${rule.name}: ${message}`,
      })
    if (names.has(rule.name)) report(['name'], 'another rule of this policy has the same name')
    names.add(rule.name)
    for (const [position, { mask }] of (rule.obligations ?? []).entries()) {
      if (maskSetNames.has(mask)) continue
      report(['obligations', position], `there is no MaskSet ${JSON.stringify(mask)}.${maskHint(mask, maskSetNames)}`)
    }
    const compiled = compileRule(source.metadata.name, rule)
    if ('id' in compiled) return [compiled]
    report(['when'], `the condition cannot be used: ${compiled.problem}`)
    return []
  })
}

function reportRepeated(
  named: readonly { readonly document: SourceDocument; readonly name: string }[],
  kind: string,
  parts: Parts,
): void {
  const seen = new Map<string, SourceDocument>()
  for (const { document, name } of named) {
    const first = seen.get(name)
    seen.set(name, document)
    if (first === undefined) continue
    const message = `a second ${kind} is called ${JSON.stringify(name)}; the other one is in ${first.file}`
    parts.problems.push({ file: document.file, line: document.lineOf(['metadata', 'name']), message })
  }
}
