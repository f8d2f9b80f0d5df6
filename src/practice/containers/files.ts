/** The files of one container, in memory. */
export class Files {
  readonly #files = new Map<string, Buffer>()
  readonly #folders = new Set<string>(['/', '/tmp', '/etc', '/var', '/home', '/root', '/dev', '/proc', '/bin'])
  /** Folders that several containers share, by their path here. */
  readonly #mounts = new Map<string, Files>()

  /** Shows other files below `path`. */
  mount(path: string, files: Files): void {
    this.makeFolder(path)
    this.#mounts.set(path, files)
  }

  read(path: string): Buffer | undefined {
    const [files, inner] = this.#home(path)
    return files === this ? this.#files.get(inner) : files.read(inner)
  }

  /** False when its folder is not there. */
  write(path: string, content: Buffer): boolean {
    const [files, inner] = this.#home(path)
    if (files !== this) return files.write(inner, content)
    if (!this.isFolder(parentOf(inner)) || this.isFolder(inner)) return false
    this.#files.set(inner, content)
    return true
  }

  isFolder(path: string): boolean {
    const [files, inner] = this.#home(path)
    return files === this ? this.#folders.has(inner) : inner === '/' || files.isFolder(inner)
  }

  exists(path: string): boolean {
    return this.isFolder(path) || this.read(path) !== undefined
  }

  /** The folder and those above it. */
  makeFolder(path: string): void {
    const [files, inner] = this.#home(path)
    if (files !== this) {
      files.makeFolder(inner)
      return
    }
    for (let folder = inner; folder !== '/'; folder = parentOf(folder)) this.#folders.add(folder)
  }

  /** Removes a file, or a folder with all in it; false when there was none. */
  remove(path: string): boolean {
    const [files, inner] = this.#home(path)
    if (files !== this) return files.remove(inner)
    const below = (name: string) => name === inner || name.startsWith(`${inner}/`)
    const gone = [...this.#files.keys(), ...this.#folders].filter(below)
    for (const name of gone) {
      this.#files.delete(name)
      this.#folders.delete(name)
    }
    return gone.length > 0
  }

  /** Names in a folder, in their order; undefined when it is none. */
  list(path: string): string[] | undefined {
    if (!this.isFolder(path)) return undefined
    const [files, inner] = this.#home(path)
    if (files !== this) return files.list(inner)
    const prefix = inner === '/' ? '/' : `${inner}/`
    const below = [...this.#files.keys(), ...this.#folders].filter((name) => name !== '/' && name.startsWith(prefix))
    return [...new Set(below.map((name) => name.slice(prefix.length).split('/')[0] ?? ''))].sort()
  }

  /** Every file below a folder, with its path. */
  *below(path: string): Generator<readonly [string, Buffer]> {
    for (const name of this.list(path) ?? []) {
      const inner = path === '/' ? `/${name}` : `${path}/${name}`
      const content = this.read(inner)
      if (content === undefined) yield* this.below(inner)
      else yield [inner, content]
    }
  }

  /** Where a path really is: the innermost mount wins. */
  #home(path: string): [Files, string] {
    let best = ''
    for (const mount of this.#mounts.keys()) {
      if ((path === mount || path.startsWith(`${mount}/`)) && mount.length > best.length) best = mount
    }
    const files = this.#mounts.get(best)
    return files === undefined ? [this, path] : [files, path.slice(best.length) || '/']
  }
}

/** An absolute path without `.`, `..` and doubled slashes. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
