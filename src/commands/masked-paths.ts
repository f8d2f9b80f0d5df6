/** Fields of one resource that a mask hides, whole or on conditions. */
export interface MaskedPaths {
  readonly resource: string
  readonly paths: readonly (readonly string[])[]
  /** Patterns of names, and detectors; empty = whatever is there is hidden. */
  readonly only: readonly string[]
}

/** Each field as one line for programs: `pods spec.containers.*.env.* (*password*)`. */
export function eachPath({ resource, paths, only }: MaskedPaths): readonly string[] {
  const which = only.length === 0 ? '' : ` (${only.join(', ')})`
  return paths.map((path) => `${resource} ${path.join('.')}${which}`)
}

/** The same for people: paths that differ in one key stand together, and what is hidden on the same conditions does. */
export function briefly(masked: readonly MaskedPaths[]): readonly string[] {
  const groups = Map.groupBy(masked, ({ resource, only }) => JSON.stringify([resource, only]))
  return [...groups.values()].flatMap((group) => {
    const [{ resource, only } = { resource: '', only: [] }] = group
    const paths = together(group.flatMap((one) => one.paths)).map((path) => `${resource} ${path.join('.')}`)
    return only.length === 0
      ? paths
      : [`what is named or looks like ${only.join(', ')} in`, ...paths.map((path) => `  ${path}`)]
  })
}

/** `a.{b,c}.d` for a.b.d and a.c.d, as a shell writes it. */
function together(paths: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const longest = Math.max(0, ...paths.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) => at).reduce(mergedAt, paths)
}

function mergedAt(paths: readonly (readonly string[])[], at: number): readonly (readonly string[])[] {
  const alike = Map.groupBy(paths, (path) => JSON.stringify([path.slice(0, at), path.slice(at + 1), path.length > at]))
  return [...alike.values()].flatMap((group) => {
    const [first = []] = group
    const keys = [...new Set(group.map((path) => path[at]))]
    return keys.length < 2 ? [first] : [first.with(at, `{${keys.join(',')}}`)]
  })
}
