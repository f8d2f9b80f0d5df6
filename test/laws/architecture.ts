import type { Reference, SourceFile } from './source.ts'
import { importTable, impureGlobals, pureModules, pureRooms } from './table.ts'

/** The room of a file: `src/proxy/forward.ts` → `proxy`, `src/broker.ts` → `broker`, `ui/words/plain.ts` → `ui/words`. */
function roomOf(path: string): string {
  const [top = '', second = ''] = path.split('/')
  return top === 'ui' ? `ui/${second}` : withoutEnding(second)
}

function withoutEnding(path: string): string {
  return path.replace(/\.[a-z]+$/, '')
}

/** Every import that the table does not allow, as a sentence that names the file. */
export function forbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path)
    const allowance = importTable[room]
    if (allowance === undefined) return [`${file.path}: the room ${room} is not in the table`]
    return file.references
      .filter((found) => found.target !== undefined && roomOf(found.target) !== room)
      .filter(
        (found) => !mayImport(allowance.value, found) && !(found.kind === 'type' && mayImport(allowance.types, found)),
      )
      .map((found) => `${file.path}: ${room} may not import ${found.kind === 'type' ? 'types of ' : ''}${found.target}`)
  })
}

function mayImport(entries: readonly string[], found: Reference): boolean {
  const file = withoutEnding(found.target ?? '').replace(/^src\//, '')
  const room = roomOf(found.target ?? '')
  return entries.some(
    (entry) => entry === room || entry === file || (entry.startsWith('*/') && file === room + entry.slice(1)),
  )
}

/** Every use of the world in a pure room. */
export function impurities(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => pureRooms.includes(roomOf(file.path)))
    .flatMap((file) => [
      ...file.references
        .map((found) => found.specifier)
        .filter((specifier) => specifier.startsWith('node:') && !pureModules.includes(specifier))
        .map((specifier) => `${file.path}: a pure room may not import ${specifier}`),
      ...[...file.uses]
        .filter((name) => impureGlobals.some((pattern) => pattern.test(name)))
        .map((name) => `${file.path}: a pure room may not use ${name}`),
    ])
}

/** Every reader of the environment outside src/config. */
export function environmentReaders(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => roomOf(file.path) !== 'config')
    .filter(
      (file) =>
        file.uses.has('process.env') ||
        file.uses.has('process.*') ||
        file.uses.has('= process') ||
        file.references.some((found) => found.specifier === 'node:process'),
    )
    .map((file) => `${file.path}: only src/config reads the environment`)
}

/** Every circle of imports between files, types included, each told once from its first file in the alphabet. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [
      file.path,
      file.references.flatMap((found) => (found.target === undefined ? [] : [found.target])),
    ]),
  )
  const finished = new Set<string>()
  const cycles = new Set<string>()
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) cycles.add(tell(trail.slice(trail.indexOf(path))))
    else if (!finished.has(path)) {
      for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
      finished.add(path)
    }
  }
  for (const path of targets.keys()) visit(path, [])
  return [...cycles]
}

function tell(circle: readonly string[]): string {
  const first = circle.indexOf([...circle].toSorted()[0] ?? '')
  const turned = [...circle.slice(first), ...circle.slice(0, first)]
  return [...turned, turned[0]].join(' → ')
}
