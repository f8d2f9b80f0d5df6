import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue } from '../model/request.ts'
import { stringifyJson } from '../stream/json.ts'
import { isConditional, isOfTemplate, isObject, isSecret, type ResourceRef } from './fields.ts'
import type { Secret } from './token.ts'
import { maskObject, type Walk } from './walk.ts'

const columnsOfSecrets: ReadonlySet<string> = new Set(['Name', 'Type', 'Data', 'Age'])
const columnsOfAll: ReadonlySet<string> = new Set(['Name', 'Namespace', 'Age', 'Created At'])

/** Shorter values are in so many cells by accident that hiding those would only mutilate the table. */
const shortestTraced = 4

/** Masks the Tables (meta.k8s.io/v1) of one answer. It remembers the columns, which a watch sends only once. */
export class TableMasker {
  readonly #ref: ResourceRef
  readonly #walk: Walk
  #columns: readonly string[] = []

  constructor(ref: ResourceRef, walk: Walk) {
    this.#ref = ref
    this.#walk = walk
  }

  mask(table: JsonObject): JsonValue {
    const { rows } = table
    this.begin(table)
    if (rows === undefined || rows === null) return table
    if (!Array.isArray(rows)) throw notATable()
    return { ...table, rows: rows.map((row: JsonValue) => this.maskRow(row)) }
  }

  /** Takes over the columns of a table, if it names any. */
  begin({ columnDefinitions }: JsonObject): void {
    if (Array.isArray(columnDefinitions) && columnDefinitions.length > 0) {
      this.#columns = columnDefinitions.map(columnName)
    }
  }

  /** True when a row with an object in which nothing is hidden shows nothing that is. */
  get isTracedByObject(): boolean {
    const { fields } = this.#walk
    return (
      !fields.isLookedAt(this.#ref) && fields.pathsOf(this.#ref).every(({ segments }) => segments[0] === 'metadata')
    )
  }

  maskRow(row: JsonValue): JsonValue {
    if (!isObject(row)) throw notATable()
    const values: string[] = []
    const walk: Walk = {
      ...this.#walk,
      hidden: (value) => {
        values.push(...spellings(textOf(value)))
        this.#walk.hidden(value)
      },
    }
    const object = row['object'] ?? null
    const masked = maskObject(object, [this.#ref], walk)
    const cells = Array.isArray(row['cells']) ? row['cells'] : []
    return {
      ...row,
      cells: cells.map((cell: JsonValue, index) => this.#maskCell(cell, index, object, values)),
      ...(row['object'] === undefined ? {} : { object: masked }),
    }
  }

  /** A cell shows only what is known to hold no masked value: its column is harmless, or its object was looked at. */
  #maskCell(cell: JsonValue, index: number, object: JsonValue, values: readonly string[]): JsonValue {
    if (cell === null) return null
    const text = typeof cell === 'string' ? cell : stringifyJson(cell)
    const quotes = values.some((value) => value.length >= shortestTraced && text.includes(value))
    if (!quotes && (this.#isTraced(object) || this.#isHarmless(index))) return cell
    this.#walk.hidden(cell)
    const metadata = isObject(object) && isObject(object['metadata']) ? object['metadata'] : {}
    const part = (key: string) => (typeof metadata[key] === 'string' ? metadata[key] : '')
    const owner = { ...this.#ref, namespace: part('namespace'), name: part('name'), uid: part('uid') }
    return this.#walk.token(owner, ['cells', String(index)], cell)
  }

  /** True when the row brings all that cells could quote, so that a cell without a masked value of it is clean. */
  #isTraced(object: JsonValue): boolean {
    const { fields } = this.#walk
    if (fields.isNamed(this.#ref)) return false
    // No column shows environment, arguments or data; what a condition hides in the object is looked for in the cells.
    const paths = fields.pathsOf(this.#ref).filter((path) => !isConditional(path) && !isOfTemplate(path.segments))
    if (paths.length === 0) return true
    if (!isObject(object)) return false
    return object['kind'] !== 'PartialObjectMetadata' || paths.every(({ segments }) => segments[0] === 'metadata')
  }

  #isHarmless(index: number): boolean {
    return (isSecret(this.#ref) ? columnsOfSecrets : columnsOfAll).has(this.#columns[index] ?? '')
  }
}

/** As a cell may quote a value: as it is, or in JSON, in which Go escapes what could be HTML (encoding/json HTMLEscape). */
function spellings(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1)
  const html = json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)
  return [...new Set([text, json, html])]
}

function textOf(value: Secret): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  return typeof value === 'string' ? value : stringifyJson(value)
}

function columnName(column: JsonValue): string {
  const name = isObject(column) ? column['name'] : undefined
  return typeof name === 'string' ? name : ''
}

function notATable(): Fault {
  return new Fault('ERR_MASK', 'The API server sent a Table without readable rows, so it cannot be masked.')
}
