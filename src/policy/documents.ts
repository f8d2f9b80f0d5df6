import { isAlias, isCollection, isNode, isPair, LineCounter, parseAllDocuments, visit, type Document } from 'yaml'

/** A policy file as the caller read it; `file` is only for messages. */
export interface PolicySource {
  readonly file: string
  readonly text: string
}

export interface Problem {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** One YAML document as plain values, and where each of them stands. */
export interface SourceDocument {
  readonly file: string
  readonly value: unknown
  /** Line (from 1) of the value at `path`, or of the nearest one above it. `key` asks for a key of the map there. */
  lineOf(path: readonly PropertyKey[], key?: string): number
}

/** Characters of one file, and how deep its braces and brackets may nest: 10,000 rules take about 2 million. */
const maxLength = 8_000_000
const maxNesting = 64

/** The documents of one file. YAML that parsers read differently (repeated keys, anchors, tags) is a problem. */
export function readDocuments(source: PolicySource): { documents: SourceDocument[]; problems: Problem[] } {
  if (source.text.length > maxLength) {
    return refusedWhole(source, `the file is longer than ${maxLength / 1_000_000} million characters: split it`)
  }
  if (nestsTooDeep(source.text)) return refusedWhole(source, `it nests more than ${maxNesting} deep`)
  const lines = new LineCounter()
  const parsed = parseAllDocuments(source.text, {
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
    version: '1.2',
    lineCounter: lines,
  })
  const documents: SourceDocument[] = []
  const problems: Problem[] = []
  const report = (offset: number, message: string) =>
    problems.push({ file: source.file, line: lines.linePos(offset).line, message })
  for (const document of parsed as readonly Document.Parsed[]) {
    const found = findings(document)
    for (const { offset, message } of found) report(offset, message)
    if (found.length === 0 && document.contents !== null) {
      documents.push({
        file: source.file,
        value: document.toJS() as unknown,
        lineOf: (path, key) => lines.linePos(offsetOf(document, path, key)).line,
      })
    }
  }
  if (documents.length === 0 && problems.length === 0) report(0, 'the file holds no policy')
  return { documents, problems }
}

function refusedWhole({ file }: PolicySource, message: string): ReturnType<typeof readDocuments> {
  return { documents: [], problems: [{ file, line: 1, message }] }
}

/** Looks at the text alone, before a parser recurses into it; brackets in quotes count too, which only unpaired ones notice. */
function nestsTooDeep(text: string): boolean {
  let depth = 0
  for (const character of text) {
    if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && depth > 0) depth--
    if (depth > maxNesting) return true
  }
  return /^ {400}|^ *(?:[-?] *){65}/m.test(text)
}

function findings(document: Document.Parsed): { offset: number; message: string }[] {
  const found = [...document.errors, ...document.warnings].map((error) => ({
    offset: error.pos[0],
    message: `this is not YAML that can be read: ${firstLine(error.message)}`,
  }))
  visit(document, {
    Node(_key, node) {
      const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
      if (isAlias(node)) found.push({ offset, message: 'aliases (*name) are not allowed: write the value out' })
      else if (node.anchor !== undefined) found.push({ offset, message: 'anchors (&name) are not allowed' })
      else if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
        found.push({ offset, message: `the tag ${node.tag} is not allowed` })
      }
    },
  })
  return found
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[], key: string | undefined): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (!isNode(node)) continue
    const named = length === path.length && key !== undefined ? keyOffset(node, key) : undefined
    return named ?? node.range?.[0] ?? 0
  }
  return 0
}

function keyOffset(node: unknown, key: string): number | undefined {
  if (!isCollection(node)) return undefined
  for (const item of node.items) {
    if (isPair(item) && isNode(item.key) && String(item.key) === key) return item.key.range?.[0]
  }
  return undefined
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
