import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { parseSync } from 'oxc-parser'

/** One reference to another module. `target` is its path below the root; undefined for packages and Node's own modules. */
export interface Reference {
  readonly specifier: string
  readonly target: string | undefined
  readonly kind: 'value' | 'type'
}

/** What the laws look at in one file. */
export interface SourceFile {
  /** Path below the root, with slashes. */
  readonly path: string
  readonly references: readonly Reference[]
  /** Names of globals in use: `process.env`, `setTimeout()`, `new Date(0)` (the number counts arguments), `= process`. */
  readonly uses: ReadonlySet<string>
}

/** Parses every TypeScript file below the given folders of `root`; a folder that is not there has none. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    listTypeScript(root, folder).map((path) => parseSource(path, readFileSync(join(root, path), 'utf8'))),
  )
}

function listTypeScript(root: string, folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => /\.tsx?$/.test(name)).map((name) => posix.join(folder, name))
}

/** The facts of one file; a file that does not parse is an error, never an empty answer. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`)
  const references: Reference[] = []
  const uses = new Set<string>()
  for (const node of nodesOf(program)) {
    const found = referenceIn(node)
    if (found !== undefined) references.push({ ...found, target: resolve(path, found.specifier) })
    const name = globalIn(node)
    if (name !== undefined) uses.add(name)
  }
  return { path, references, uses }
}

/** A computed import could be anything, so it points to a place that no law allows. */
const computed = '(computed)'

function resolve(from: string, specifier: string): string | undefined {
  if (specifier === computed) return `src/${computed}`
  return specifier.startsWith('.') ? posix.join(dirname(from), specifier) : undefined
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string }

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string'
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item)
  if (!isNode(value)) return
  yield value
  for (const child of Object.values(value)) if (typeof child === 'object') yield* nodesOf(child)
}

function textOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Literal' && typeof value['value'] === 'string' ? value['value'] : undefined
}

function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' ? String(value['name']) : undefined
}

function referenceIn(node: Node): { specifier: string; kind: 'value' | 'type' } | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return reference(node['source'], node['importKind'] === 'type')
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return reference(node['source'], node['exportKind'] === 'type')
    case 'TSImportType':
      return reference(node['source'] ?? node['argument'], true)
    case 'ImportExpression':
      return reference(node['source'], false) ?? { specifier: computed, kind: 'value' }
    case 'NewExpression': {
      // Workers are started by new URL('./file.js', import.meta.url); main.js is the program, started as another process.
      const [first] = Array.isArray(node['arguments']) ? node['arguments'] : []
      const specifier = textOf(first)
      return nameOf(node['callee']) === 'URL' && specifier !== undefined && /(?<!\/main)\.[jt]sx?$/.test(specifier)
        ? { specifier, kind: 'value' }
        : undefined
    }
    default:
      return undefined
  }
}

function reference(source: unknown, isType: boolean) {
  const specifier = textOf(source)
  return specifier === undefined ? undefined : ({ specifier, kind: isType ? 'type' : 'value' } as const)
}

function globalIn(node: Node): string | undefined {
  switch (node.type) {
    case 'MemberExpression': {
      const object = nameOf(node['object'])
      const property = node['computed'] === true ? textOf(node['property']) : nameOf(node['property'])
      return object === undefined ? undefined : `${object}.${property ?? '*'}`
    }
    case 'CallExpression': {
      const callee = nameOf(node['callee'])
      return callee === undefined ? undefined : `${callee}()`
    }
    case 'NewExpression': {
      const callee = nameOf(node['callee'])
      return callee === undefined ? undefined : `new ${callee}(${(node['arguments'] as unknown[]).length})`
    }
    case 'VariableDeclarator': {
      const source = nameOf(node['init'])
      return source === undefined ? undefined : `= ${source}`
    }
    default:
      return undefined
  }
}
