import { createHash } from 'node:crypto'
import type { MaskSet } from '../mask/port.ts'
import type { Requirement } from '../model/decision.ts'
import { compileCondition, type Condition } from './condition.ts'
import type { PolicySource } from './documents.ts'
import { durationMs } from './duration.ts'
import { parseMaskPath } from './mask-path.ts'
import type { Limit, Match, Rule, Selector } from './rule.ts'
import type { MaskSetSource, RuleSource } from './schema.ts'

const defaultMessages = {
  allow: 'A rule of the policy allows this.',
  hold: 'A rule of the policy wants this looked at before it runs.',
  deny: 'A rule of the policy denies this.',
} as const

/** A rule ready to decide, or what is wrong with its condition. */
export function compileRule(policy: string, source: RuleSource): Rule | { readonly problem: string } {
  const condition = source.when === undefined ? undefined : compileCondition(source.when)
  if (typeof condition === 'object') return condition
  const base = {
    id: `${policy}/${source.name}`,
    subjects: source.subjects.map(selectorOf),
    match: matchOf(source.match),
    condition: condition satisfies Condition | undefined,
    message: source.message ?? defaultMessages[source.effect],
    limit: limitOf(source),
    requires: [
      ...(source.requireReason === true ? (['reason'] as const) : []),
      ...(source.requireWatcher === true ? (['watcher'] as const) : []),
    ],
    obligations: (source.obligations ?? []).map(({ mask }) => ({ kind: 'mask', maskSet: mask }) as const),
  }
  if (source.effect !== 'hold') return { ...base, effect: source.effect }
  return { ...base, effect: 'hold', requirement: requirementOf(source.approval) }
}

export function compileMaskSet(source: MaskSetSource): MaskSet {
  return {
    name: source.metadata.name,
    fields: source.fields.map(({ apiGroup, resource, paths, keys, detectors, writes }) => ({
      apiGroup,
      resource,
      paths: paths.map((path) => parseMaskPath(path) ?? []),
      ...(keys === undefined ? {} : { keys }),
      ...(detectors === undefined ? {} : { detectors }),
      freeWrites: writes === 'allow',
    })),
  }
}

/** SHA-256 (hex) over the texts of all files, the same in whatever order they are given. */
export function digestOf(sources: readonly PolicySource[]): string {
  const each = sources.map(({ text }) => createHash('sha256').update(text).digest('hex'))
  return createHash('sha256').update(each.toSorted().join('\n')).digest('hex')
}

function matchOf(source: RuleSource['match']): Match {
  const { verbs, effects, nonResourceURLs, resources = [], apiGroups = [], namespaces, names } = source
  const scope: Match['scope'] =
    nonResourceURLs === undefined
      ? { kind: 'resource', apiGroups, resources, namespaces, names }
      : { kind: 'non-resource', urls: nonResourceURLs }
  return { verbs, effects, scope }
}

function limitOf({ limit, approval }: RuleSource): Limit | undefined {
  if (limit === undefined) return undefined
  const { requests, per, by = 'subject', objects, over } = limit
  return {
    rate: requests === undefined ? undefined : { requests, perMs: durationMs(per ?? '') ?? 0, by },
    objects,
    requirement: over === 'hold' ? requirementOf(approval) : undefined,
  }
}

/** The schema has seen to it that a hold names either reviewers or a confirmation. */
function requirementOf(approval: RuleSource['approval']): Requirement {
  const expiresAfterMs = durationMs(approval?.expiresAfter ?? '') ?? 0
  if (approval?.reviewers === undefined) return { kind: 'confirm', expiresAfterMs }
  return { kind: 'review', reviewers: approval.reviewers.map(selectorOf), count: approval.count ?? 1, expiresAfterMs }
}

function selectorOf({ group, user }: { group?: string | undefined; user?: string | undefined }): Selector {
  return group === undefined ? { user: user ?? '' } : { group }
}
