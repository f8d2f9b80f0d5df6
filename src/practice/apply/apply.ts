import { ApiFailure } from '../failure.ts'
import type { Schema } from '../schema/schema.ts'
import { sameJson, timestamp, type KubeObject } from '../state/objects.ts'
import { changedFields, fieldsOf, pathText } from './fields.ts'
import { isSame, managersOf, replaceManager, withManagers, type Identity, type Manager } from './managers.ts'
import { mergeApplied, withoutField } from './merge.ts'

/** The owner of what an object had before anyone applied to it. */
const beforeFirstApply = 'before-first-apply'

/**
 * The object with its managers after a write that was no apply: whoever changed a field owns it, and nobody else does
 * (sigs.k8s.io/structured-merge-diff merge.Updater.Update).
 */
export function trackUpdate(
  before: KubeObject | undefined,
  after: KubeObject,
  own: Identity,
  now: Date,
  schema?: Schema,
): KubeObject {
  const old = fieldsOf(ownable(before, own), schema)
  const present = fieldsOf(ownable(after, own), schema)
  const changed = changedFields(old, present)
  const gone = new Set([...old.keys()].filter((path) => !present.has(path)))
  const given = managersOf(after.metadata.managedFields === undefined ? before : after)
  const others = given.map((one) =>
    isSame(one, own) ? one : { ...one, fields: without(without(one.fields, changed), gone) },
  )
  const mine = given.find((one) => isSame(one, own))?.fields ?? new Set<string>()
  const fields = without(new Set([...mine, ...changed]), gone)
  if (changed.size === 0 && gone.size === 0) return withManagers(after, given)
  return withManagers(after, replaceManager(others, own, fields, now))
}

const without = (fields: ReadonlySet<string>, gone: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...fields].filter((path) => !gone.has(path)))

/** Through a subresource only its own part is owned; `status` belongs to nobody who does not come through it. */
function ownable(object: KubeObject | undefined, { subresource }: Identity): unknown {
  if (object === undefined) return {}
  const { status, ...rest } = object
  if (subresource === 'status') return status === undefined ? {} : { status }
  return rest
}

export interface Applied {
  readonly live: KubeObject
  readonly applied: KubeObject
  readonly own: Identity
  readonly force: boolean
  readonly now: Date
  readonly schema?: Schema
}

/**
 * Server-side apply (KEP-555): the live object with what was applied, without what its manager applied before and nobody
 * else owns.
 *
 * @throws ApiFailure 409 with a cause for each field that another manager set to another value.
 */
export function applyTo({ live, applied, own, force, now, schema }: Applied): KubeObject {
  const wanted = fieldsOf(ownable(applied, own), schema)
  const present = fieldsOf(ownable(live, own), schema)
  const given = managersOf(live)
  const managers = given.length > 0 ? given : [firstOwner(live, own, now, schema)]
  const others = managers.filter((one) => !isSame(one, own))
  const contested = (one: Manager) =>
    [...wanted.keys()].filter((path) => one.fields.has(path) && !sameJson(present.get(path), wanted.get(path)))
  const conflicts = others
    .map((manager) => ({ manager, paths: contested(manager) }))
    .filter(({ paths }) => paths.length > 0)
  const left = force ? [] : unforeseen(conflicts, live, own, schema)
  if (left.length > 0) throw conflictFailure(left)
  const yielding = others.map((one) => ({ ...one, fields: without(one.fields, new Set(contested(one))) }))
  const before = managers.find((one) => isSame(one, own))?.fields ?? new Set<string>()
  const dropped = [...before].filter((path) => !wanted.has(path) && !yielding.some(({ fields }) => fields.has(path)))
  const kept = dropped
    .sort((a, b) => a.length - b.length)
    .reduce<unknown>((object, path) => withoutField(object, path), live)
  const merged = mergeApplied(kept, withoutManagers(applied), schema) as KubeObject
  return withManagers(merged, replaceManager(yielding, own, new Set(wanted.keys()), now))
}

function withoutManagers({ metadata: { managedFields: _managed, ...metadata }, ...object }: KubeObject): KubeObject {
  return { ...object, metadata }
}

function firstOwner(live: KubeObject, own: Identity, now: Date, schema: Schema | undefined): Manager {
  const fields = new Set(fieldsOf(ownable(live, own), schema).keys())
  return { ...own, manager: beforeFirstApply, operation: 'Update', time: timestamp(now), fields }
}

interface Conflict {
  readonly manager: Manager
  readonly paths: readonly string[]
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/**
 * Conflicts but those of kubectl with its own client-side applies, which its first server-side apply takes over
 * (k8s.io/apimachinery pkg/util/managedfields/internal/lastappliedmanager.go).
 */
function unforeseen(
  conflicts: readonly Conflict[],
  live: KubeObject,
  own: Identity,
  schema: Schema | undefined,
): readonly Conflict[] {
  const annotation = live.metadata.annotations?.[lastApplied]
  if (annotation === undefined || own.manager !== 'kubectl') return conflicts
  const mine = fieldsOf(parsed(annotation), schema)
  return conflicts
    .map(({ manager, paths }) => ({ manager, paths: paths.filter((path) => !mine.has(path)) }))
    .filter(({ paths }) => paths.length > 0)
}

/** Anyone may write into an annotation; what is no JSON stands for nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return {}
  }
}

/** Words of k8s.io/apimachinery pkg/util/managedfields/internal/conflict.go. */
function conflictFailure(conflicts: readonly Conflict[]): ApiFailure {
  const total = conflicts.reduce((sum, { paths }) => sum + paths.length, 0)
  const whose = ({ manager, operation, apiVersion, subresource }: Manager) => {
    const where = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`
    return `${JSON.stringify(manager)}${where}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
  }
  const sentences = conflicts.map(({ manager, paths }) => {
    const texts = paths.map(pathText)
    const list = texts.map((text) => `\n- ${text}`).join('')
    return total === 1
      ? `conflict with ${whose(manager)}: ${texts.join('')}`
      : `conflicts with ${whose(manager)}:${list}`
  })
  const message = `Apply failed with ${total} conflict${total === 1 ? '' : 's'}: ${sentences.join('\n')}`
  const causes = conflicts.flatMap(({ manager, paths }) =>
    paths.map((path) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${whose(manager)}`,
      field: pathText(path),
    })),
  )
  return new ApiFailure(409, 'Conflict', message, { causes })
}
