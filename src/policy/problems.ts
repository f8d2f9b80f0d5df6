import type { z } from 'zod'
import { Fault } from '../model/fault.ts'
import type { Problem, SourceDocument } from './documents.ts'
import { knownKeys } from './schema.ts'
import { didYouMean } from './suggest.ts'

type Issue = z.core.$ZodIssue

/** Keys that belong to Chaperone's policy language but not to this version of it. */
const notYet: Readonly<Record<string, string>> = {
  grantUpTo: 'grants are not part of this version: each request is reviewed on its own',
}

/** What RBAC, admission and audit policies call the same thing. */
const elsewhere: Readonly<Record<string, string>> = {
  resourceNames: 'names',
  operations: 'verbs',
  users: 'subjects',
  groups: 'subjects',
  condition: 'when',
  matchConditions: 'when',
  cel: 'when',
}

/** Zod's issues as sentences that name the rule and the line. */
export function problemsOf(document: SourceDocument, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => {
    const where = ruleName(document.value, issue.path)
    const place = [...where, describePath(issue.path)].filter((part) => part !== '').join(', ')
    return sentences(issue, document.value).map(({ text, key }) => ({
      file: document.file,
      line: document.lineOf(issue.path, key),
      message: place === '' ? text : `${place}: ${text}`,
    }))
  })
}

/** Everything that is wrong, as one Fault. */
export function policyFault(problems: readonly Problem[]): Fault {
  const lines = problems.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  const head = problems.length === 1 ? 'The policy has a problem' : `The policy has ${problems.length} problems`
  return new Fault('ERR_POLICY', `${head}:\n${lines.join('\n')}`, {
    advice: '\nNothing of it is in force. Correct it and start again.',
  })
}

function sentences(issue: Issue, root: unknown): { text: string; key?: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      text: notYet[key] ?? `unknown key ${JSON.stringify(key)}.${hint(key)}`,
      key,
    }))
  }
  const value = at(root, issue.path)
  if (value === undefined && issue.code !== 'custom') return [{ text: 'is missing' }]
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String)
    const given = typeof value === 'string' ? value : JSON.stringify(value)
    const choice = known.length === 1 ? `must be ${known[0]}` : `is not one of ${known.join(', ')}`
    return [{ text: `${JSON.stringify(given)} ${choice}.${didYouMean(given ?? '', known)}` }]
  }
  if (issue.code === 'custom' || issue.code === 'invalid_format') {
    const given = typeof value === 'string' ? `${JSON.stringify(value)} ` : ''
    return [{ text: `${given}${issue.message}` }]
  }
  return [{ text: issue.message }]
}

function hint(key: string): string {
  const same = elsewhere[key]
  return same === undefined ? didYouMean(key, knownKeys) : ` Here it is called ${JSON.stringify(same)}.`
}

function ruleName(root: unknown, path: readonly PropertyKey[]): string[] {
  if (path[0] !== 'rules' || typeof path[1] !== 'number') return []
  const name = at(root, ['rules', path[1], 'name'])
  return [typeof name === 'string' ? `rule ${name}` : `rule number ${path[1] + 1}`]
}

function describePath(path: readonly PropertyKey[]): string {
  const inner = path[0] === 'rules' && typeof path[1] === 'number' ? path.slice(2) : path
  return inner
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}

function at(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  )
}
