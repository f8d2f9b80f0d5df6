import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type YAMLError,
} from 'yaml'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import { configSchema, type ConfigFile } from './schema.ts'

type Issue = z.core.$ZodIssue

interface Problem {
  readonly offset: number
  readonly words: string
}

/** Parses the text of a chaperone.yaml; `path` is only for messages. Throws ERR_CONFIG: each problem with file, line and key. */
export function parseConfig(text: string, path: string): ConfigFile {
  return parseAs(configSchema, text, path)
}

/** The same for a file of another kind. */
export function parseAs<S extends z.ZodType>(schema: S, text: string, path: string): z.output<S> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false, prettyErrors: false })
  const refuse = (problems: readonly Problem[]) =>
    new Fault(
      'ERR_CONFIG',
      problems.map(({ offset, words }) => `${path}:${lines.linePos(offset).line}: ${words}`).join('\n'),
      { advice: 'Nothing was started.' },
    )
  const unreadable = [...document.errors.map(readingProblem), ...indirect(document)]
  if (unreadable.length > 0) throw refuse(unreadable)
  const value: unknown = document.toJS()
  if (value === null) throw refuse([{ offset: 0, words: 'the file is empty; it begins with apiVersion: chaperone/v1' }])
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw refuse(parsed.error.issues.flatMap((issue) => valueProblems(issue, document, value, schema)))
}

const yamlWords: Partial<Readonly<Record<YAMLError['code'], string>>> = {
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket in them is not closed',
  BAD_SCALAR_START: 'a value that begins with this character must stand in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a colon stands where none may; put a value with a colon in quotes',
  DUPLICATE_KEY: 'this key is written twice',
  MISSING_CHAR: 'a quote, bracket or comma is missing',
  MULTILINE_IMPLICIT_KEY: 'a key without a colon; write key: value',
  MULTIPLE_DOCS: 'a second document begins here; the file holds one',
  TAB_AS_INDENT: 'the indentation must be spaces, not tabs',
}

function readingProblem({ code, pos }: YAMLError): Problem {
  return { offset: pos[0], words: yamlWords[code] ?? 'this cannot be read as YAML' }
}

/** A value that is written elsewhere in the file is easily another than one thinks. */
function indirect(document: Document.Parsed): readonly Problem[] {
  const found: Problem[] = []
  const { yaml, tags } = document.directives
  // A directive or a tag can switch on what is read otherwise than it is written, such as merge keys.
  if (yaml.explicit === true || Object.keys(tags).length > 1) {
    found.push({ offset: 0, words: 'the file may not begin with a % line' })
  }
  visit(document, {
    Node(_key, node) {
      const offset = node.range?.[0] ?? 0
      if (isAlias(node)) found.push({ offset, words: 'write the value out instead of *name' })
      else if (node.tag !== undefined) found.push({ offset, words: `write the value without the tag ${node.tag}` })
    },
  })
  return found
}

function valueProblems(
  issue: Issue,
  document: Document.Parsed,
  root: unknown,
  schema: z.core.$ZodType,
): readonly Problem[] {
  const where = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path, schema)
    return issue.keys.map((key) => {
      const near = known.find((one) => one.slice(0, 3) === key.slice(0, 3).toLowerCase())
      const hint = near === undefined ? '' : ` Did you mean ${JSON.stringify(near)}?`
      const words = `${where === '' ? '' : `${where}: `}unknown key ${JSON.stringify(key)}.${hint} Known: ${known.join(', ')}.`
      return { offset: keyOffset(document, issue.path, key), words }
    })
  }
  const node = document.getIn(issue.path, true)
  const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  return [{ offset, words: `${where === '' ? '' : `${where}: `}${wordsFor(issue, valueAt(root, issue.path))}` }]
}

function wordsFor(issue: Issue, value: unknown): string {
  const given = JSON.stringify(value)
  switch (issue.code) {
    case 'invalid_value': {
      const allowed = issue.values.join(', ')
      if (value === undefined) return `is missing; write ${String(issue.path.at(-1))}: ${allowed}`
      return `must be ${issue.values.length === 1 ? allowed : `one of ${allowed}`}, not ${given}`
    }
    case 'invalid_type':
      if (value === undefined) return 'is missing'
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${given}`
    case 'invalid_union':
      return `must be 2 or 3, not ${given}`
    case 'too_small':
      return 'must not be empty'
    case 'custom':
      return issue.message
    default:
      return `${issue.message}, not ${given}`
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'keys with values, like apiVersion: chaperone/v1',
}

/** The keys that may stand at a place of the file. */
function knownKeys(path: readonly PropertyKey[], root: z.core.$ZodType): readonly string[] {
  const place = path.reduce<z.core.$ZodType>((schema, key) => {
    const whole = unwrapped(schema)
    if (whole instanceof z.ZodArray) return whole.element
    return whole instanceof z.ZodObject ? (whole.shape[String(key)] as z.core.$ZodType) : whole
  }, root)
  const whole = unwrapped(place)
  return whole instanceof z.ZodObject ? Object.keys(whole.shape) : []
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema
}

function keyOffset(document: Document.Parsed, path: readonly PropertyKey[], key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true)
  if (!isMap(map)) return 0
  const found = map.items.map((item) => item.key).find((one) => isScalar(one) && String(one.value) === key)
  return isNode(found) ? (found.range?.[0] ?? 0) : 0
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  )
}
