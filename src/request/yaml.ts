import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, Scalar, type Document } from 'yaml'
import { Fault } from '../model/fault.ts'
import type { JsonValue } from '../model/request.ts'
import { decodeUtf8, jsonNumber, MAX_JSON_DEPTH } from '../stream/json.ts'

/** Plain words that YAML 1.1 and 1.2 read differently (yaml.org/type/bool.html, int.html, float.html, timestamp.html). */
const ambiguous =
  /^(?:y|n|yes|no|on|off|~|[-+]?0[0-9_]+|[-+]?0[box][0-9a-f_]+|[-+]?[0-9][0-9_]*_[0-9_.]*|[-+]?[0-9]+(?::[0-5]?[0-9])+.*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|[-+]?\.(?:inf|nan|[0-9]+.*)|\+[0-9.]+|[-+]?[0-9]+\.(?:e.*)?|<<|=)$/i
/** Bytes; a manifest written by hand is far smaller, and YAML takes a hundred times as long to read as JSON. */
const MAX_YAML_BYTES = 256 * 1024
const jsonNumberText = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/**
 * The part of YAML that every parser reads alike: one document, unique string keys, no anchors, aliases, tags, merge
 * keys or directives, no plain words that YAML 1.1 and 1.2 disagree on. It goes upstream as JSON. Duplicate keys are found by `convert`: the library's own search compares each
 * key with every other.
 *
 * @throws Fault ERR_BODY, ERR_BODY_TOO_LARGE over 256 KiB.
 */
export function parseYaml(bytes: Uint8Array): JsonValue {
  if (bytes.length > MAX_YAML_BYTES) {
    throw new Fault('ERR_BODY_TOO_LARGE', `The YAML body is larger than ${MAX_YAML_BYTES} bytes.`, {
      advice: 'Send it as JSON.',
    })
  }
  const documents = parseAllDocuments(decodeUtf8(bytes), {
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    version: '1.2',
  })
  const document = Array.isArray(documents) ? documents[0] : undefined
  if (document === undefined || (documents as readonly unknown[]).length !== 1)
    throw refused('it is not exactly one document')
  assertClean(document)
  return convert(document.contents, 1)
}

function assertClean(document: Document.Parsed): void {
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem !== undefined) throw refused(`it does not parse (${problem.code}, at character ${problem.pos[0]})`)
  if (document.directives?.docStart === true && document.directives.yaml.explicit === true) {
    throw refused('it holds a %YAML directive')
  }
}

function convert(node: unknown, depth: number): JsonValue {
  if (depth > MAX_JSON_DEPTH) throw refused(`more than ${MAX_JSON_DEPTH} levels of nesting`)
  if (node === null || node === undefined) return null
  if (isAlias(node)) throw refused('it holds an alias')
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) throw refused('it holds something that is not a value')
  if (node.anchor !== undefined) throw refused('it holds an anchor')
  if (node.tag !== undefined) throw refused('it holds a tag')
  if (isScalar(node)) return convertScalar(node)
  if (isSeq(node)) return node.items.map((item) => convert(item, depth + 1))
  const object: Record<string, JsonValue> = Object.create(null)
  for (const { key, value } of node.items) {
    const name = convert(key, depth)
    if (typeof name !== 'string') throw refused('it holds a key that is not a string')
    if (name in object) throw refused(`the key ${JSON.stringify(name)} appears twice`)
    object[name] = convert(value, depth + 1)
  }
  return object
}

function convertScalar(node: Scalar): JsonValue {
  const source = node.source ?? ''
  if (node.type !== Scalar.PLAIN) {
    if (typeof node.value !== 'string' || !node.value.isWellFormed()) throw refused('it holds text that is not Unicode')
    return node.value
  }
  if (ambiguous.test(source)) throw refused(`the plain word ${JSON.stringify(source)} is read differently by YAML 1.1`)
  if (jsonNumberText.test(source)) return jsonNumber(source)
  if (source === '' || /^null$/i.test(source)) return null
  if (/^true$/i.test(source)) return true
  if (/^false$/i.test(source)) return false
  return source
}

function refused(problem: string): Fault {
  return new Fault('ERR_BODY', `The YAML body is refused: ${problem}.`, {
    advice: 'Quote ambiguous words, write references out, or send JSON.',
  })
}
