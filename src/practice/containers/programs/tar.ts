import { resolvePath, parentOf, type Files } from '../files.ts'
import type { Source } from '../pipe.ts'
import { exit, type Io, type Program } from '../process.ts'

/** Size of a block of an archive (POSIX.1-2017 pax, ustar interchange format). */
const blockBytes = 512

/** As much of tar as `kubectl cp` uses: `tar cf - PATH`, `tar xmf - [-C FOLDER]`. */
export const tar: Program = async (io) => {
  const args = io.argv.slice(1)
  const [mode = ''] = args
  const folderAt = args.indexOf('-C')
  const folder = folderAt < 0 ? io.cwd : resolvePath(io.cwd, args[folderAt + 1] ?? '.')
  if (mode.includes('x')) return extract(io, folder)
  const names = args
    .slice(1)
    .filter((text, index) => text !== '-' && index + 1 !== folderAt && index + 1 !== folderAt + 1)
  return create(
    io,
    folder,
    names.filter((name) => !name.startsWith('-')),
  )
}

async function create(io: Io, folder: string, names: readonly string[]): Promise<number> {
  const { files } = io.machine
  let code: number = exit.ok
  for (const name of names) {
    const path = resolvePath(folder, name)
    const content = files.read(path)
    const shown = name.replace(/^\/+/, '')
    if (content !== undefined) await io.stdout.write(entry(shown, content))
    else if (files.isFolder(path)) await writeFolder(io, files, path, shown.replace(/\/$/, ''))
    else {
      await io.stderr.write(`tar: ${name}: Cannot stat: No such file or directory\n`)
      code = exit.misuse
    }
  }
  await io.stdout.write(Buffer.alloc(2 * blockBytes))
  return code
}

async function writeFolder(io: Io, files: Files, path: string, shown: string): Promise<void> {
  await io.stdout.write(header(`${shown}/`, 0, '5'))
  for (const [inner, content] of files.below(path)) {
    await io.stdout.write(entry(shown + inner.slice(path === '/' ? 0 : path.length), content))
  }
}

function entry(name: string, content: Buffer): Buffer {
  const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes)
  return Buffer.concat([header(name, content.length, '0'), content, padding])
}

function header(name: string, size: number, type: '0' | '5'): Buffer {
  const block = Buffer.alloc(blockBytes)
  block.write(name.slice(0, 100), 0, 'utf8')
  block.write(type === '5' ? '0000755' : '0000644', 100)
  for (const at of [108, 116]) block.write('0000000', at)
  block.write(size.toString(8).padStart(11, '0'), 124)
  block.write('00000000000', 136)
  block.write('        ', 148)
  block.write(type, 156)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

async function extract(io: Io, folder: string): Promise<number> {
  const reader = new Blocks(io.stdin)
  const { files } = io.machine
  for (
    let block = await reader.take(blockBytes);
    block !== undefined && block[0] !== 0;
    block = await reader.take(blockBytes)
  ) {
    const size = Number.parseInt(block.toString('latin1', 124, 135), 8) || 0
    const content = (await reader.take(size)) ?? Buffer.alloc(0)
    await reader.take((blockBytes - (size % blockBytes)) % blockBytes)
    const path = resolvePath(folder, nameOf(block))
    const type = String.fromCharCode(block[156] ?? 0)
    if (type === '5') files.makeFolder(path)
    if (type !== '0' && type !== '\0') continue
    files.makeFolder(parentOf(path))
    if (content.length < size || !files.write(path, content)) {
      await io.stderr.write(`tar: can't create ${path}\n`)
      return exit.failed
    }
  }
  // What comes after the end is padding; who sends it must not find the pipe closed.
  while ((await io.stdin.read()) !== undefined);
  return exit.ok
}

function nameOf(block: Buffer): string {
  const field = (from: number, to: number) => block.toString('utf8', from, to).replace(/\0.*$/s, '')
  const prefix = field(345, 500)
  return prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`
}

/** Reads pieces of a given length from a source that gives what it has. */
class Blocks {
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  async take(length: number): Promise<Buffer | undefined> {
    const chunks: Buffer[] = []
    for (let left = length; left > 0;) {
      const chunk = await this.#source.read(left)
      if (chunk === undefined) break
      chunks.push(chunk)
      left -= chunk.length
    }
    return chunks.length === 0 && length > 0 ? undefined : Buffer.concat(chunks)
  }
}
