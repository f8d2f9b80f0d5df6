import { isMap, isScalar, isSeq, parseAllDocuments, type Node } from 'yaml'
import type { JsonObject, JsonValue } from '../model/request.ts'
import { jsonNumber, MAX_JSON_DEPTH } from '../stream/json.ts'
import { isObject } from './fields.ts'

/** Characters of a release's manifests: YAML takes a hundred times as long to read as JSON. */
const MAX_CHARACTERS = 1024 * 1024
const jsonNumberText = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/** Where a plain or quoted value stands in the text. */
interface Piece {
  readonly from: number
  readonly to: number
}

/** One object of a text of several in YAML. */
export interface Manifest {
  readonly object: JsonObject
  /** By the path of a value, as JSON. */
  readonly pieces: ReadonlyMap<string, Piece>
}

/**
 * The objects in a text of YAML documents. Undefined when it is read in more than one way, or refers to itself: then nobody can
 * say what stands where.
 */
export function readManifests(text: string): readonly Manifest[] | undefined {
  if (text.length > MAX_CHARACTERS) return undefined
  const documents = parseAllDocuments(text, { uniqueKeys: false, merge: false, prettyErrors: false, version: '1.2' })
  if (!Array.isArray(documents)) return []
  const manifests: Manifest[] = []
  for (const { contents, errors, warnings } of documents) {
    if (errors.length > 0 || warnings.length > 0) return undefined
    if (contents === null) continue
    const pieces = new Map<string, Piece>()
    const object = valueOf(contents, [], pieces)
    if (object === undefined) return undefined
    if (isObject(object)) manifests.push({ object, pieces })
    else if (object !== null) return undefined
  }
  return manifests
}

/** Undefined for what is not plainly a value. */
function valueOf(node: Node | null, path: readonly string[], pieces: Map<string, Piece>): JsonValue | undefined {
  if (node === null) return null
  if (path.length > MAX_JSON_DEPTH || isMarked(node)) return undefined
  if (isScalar(node)) {
    const [from, to] = node.range ?? []
    if (from === undefined || to === undefined) return undefined
    pieces.set(JSON.stringify(path), { from, to })
    return scalarOf(node)
  }
  if (isSeq<Node>(node)) {
    const list: JsonValue[] = []
    for (const [index, item] of node.items.entries()) {
      const value = valueOf(item, [...path, String(index)], pieces)
      if (value === undefined) return undefined
      list.push(value)
    }
    return list
  }
  return isMap<Node, Node | null>(node) ? objectOf(node.items, path, pieces) : undefined
}

/** Named to be referred to, or said to be something else than it looks. */
function isMarked(node: Node): boolean {
  return ('anchor' in node && node.anchor !== undefined) || node.tag !== undefined
}

function objectOf(
  items: readonly { readonly key: Node; readonly value: Node | null }[],
  path: readonly string[],
  pieces: Map<string, Piece>,
): JsonObject | undefined {
  const object: Record<string, JsonValue> = Object.create(null)
  for (const { key, value: node } of items) {
    if (!isScalar(key) || isMarked(key)) return undefined
    const name = key.type === 'PLAIN' ? (key.source ?? '') : String(key.value)
    const value = valueOf(node, [...path, name], pieces)
    if (value === undefined || name === '<<' || name in object) return undefined
    object[name] = value
  }
  return object
}

/** Words that YAML 1.1 takes for something else stay texts: they are looked at, and never written anew. */
function scalarOf(node: { readonly type?: string; readonly source?: string; readonly value: unknown }): JsonValue {
  if (node.type !== 'PLAIN') return String(node.value)
  const source = node.source ?? ''
  if (jsonNumberText.test(source)) return jsonNumber(source)
  if (source === '' || /^(?:null|~)$/i.test(source)) return null
  if (/^(?:true|false)$/i.test(source)) return source.toLowerCase() === 'true'
  return source
}

/** The text with the values at `changes` replaced, all else to the letter as it was; undefined when one cannot be. */
export function rewritten(
  text: string,
  changes: readonly { readonly manifest: Manifest; readonly path: readonly string[]; readonly value: string }[],
): string | undefined {
  const edits: (Piece & { readonly by: string })[] = []
  for (const { manifest, path, value } of changes) {
    const piece = manifest.pieces.get(JSON.stringify(path))
    if (piece === undefined) return undefined
    // A block of lines ends with its last line's end.
    const isBlock = text.slice(piece.from, piece.to).endsWith('\n')
    edits.push({ ...piece, by: `${JSON.stringify(value)}${isBlock ? '\n' : ''}` })
  }
  let result = ''
  let at = 0
  for (const { from, to, by } of edits.toSorted((one, other) => one.from - other.from)) {
    result += text.slice(at, from) + by
    at = to
  }
  return result + text.slice(at)
}
