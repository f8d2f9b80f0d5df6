import { resolvePath } from '../files.ts'
import { linesOf, type Source } from '../pipe.ts'
import { exit, type Io, type Program } from '../process.ts'
import { sourceOf } from '../shell/shell.ts'

/** Options that come first, as `-n5` or `-n 5`; the rest are operands. */
export function options(argv: readonly string[], withValue = ''): { flags: Map<string, string>; rest: string[] } {
  const flags = new Map<string, string>()
  const args = argv.slice(1)
  while (args[0] !== undefined && /^-[^-]/.test(args[0])) {
    const text = (args.shift() ?? '').slice(1)
    for (let at = 0; at < text.length; at += 1) {
      const flag = text[at] ?? ''
      if (/\d/.test(flag)) {
        flags.set('n', text.slice(at))
        break
      }
      if (!withValue.includes(flag)) {
        flags.set(flag, '')
        continue
      }
      flags.set(flag, text.slice(at + 1) || (args.shift() ?? ''))
      break
    }
  }
  if (args[0] === '--') args.shift()
  return { flags, rest: args }
}

/** The files named, or standard input; what cannot be opened is told. */
async function inputs(io: Io, names: readonly string[]): Promise<{ sources: Source[]; missing: boolean }> {
  if (names.length === 0) return { sources: [io.stdin], missing: false }
  const sources: Source[] = []
  let missing = false
  for (const name of names) {
    const source = name === '-' ? io.stdin : openFile(io, name)
    if (source !== undefined) sources.push(source)
    else {
      missing = true
      await io.stderr.write(`${io.argv[0] ?? ''}: can't open '${name}': No such file or directory\n`)
    }
  }
  return { sources, missing }
}

export function openFile(io: Io, name: string): Source | undefined {
  const path = resolvePath(io.cwd, name)
  if (path === '/dev/null') return sourceOf(Buffer.alloc(0))
  if (path === '/dev/zero') return { read: (most = 65_536) => Promise.resolve(Buffer.alloc(Math.min(most, 65_536))) }
  const content = io.machine.files.read(path)
  return content === undefined ? undefined : sourceOf(content)
}

const done = (missing: boolean) => (missing ? exit.failed : exit.ok)

const cat: Program = async (io) => {
  const { sources, missing } = await inputs(io, options(io.argv).rest)
  for (const source of sources) {
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
      if (io.signal.aborted || !(await io.stdout.write(chunk))) return exit.failed
    }
  }
  return done(missing)
}

/** A program that works on lines: `each` gives what is written for one, or undefined to stop. */
function lineProgram(
  withValue: string,
  prepare: (io: Io, flags: Map<string, string>, rest: string[]) => { names: string[]; work: LineWork },
): Program {
  return async (io) => {
    const { flags, rest } = options(io.argv, withValue)
    const { names, work } = prepare(io, flags, rest)
    const { sources, missing } = await inputs(io, names)
    for (const source of sources) {
      for await (const line of linesOf(source)) {
        const text = work.each(line)
        if (text === undefined) break
        if (text !== '' && !(await io.stdout.write(text))) return exit.failed
      }
    }
    const last = work.end?.() ?? ''
    if (last !== '') await io.stdout.write(last)
    return work.code?.() ?? done(missing)
  }
}

interface LineWork {
  each(line: string): string | undefined
  end?(): string
  code?(): number
}

const head = lineProgram('nc', (_io, flags, rest) => {
  let left = Number(flags.get('n') ?? 10)
  return { names: rest, work: { each: (line) => (left-- > 0 ? `${line}\n` : undefined) } }
})

const headOrBytes: Program = async (io) => {
  const { flags, rest } = options(io.argv, 'nc')
  const count = flags.get('c')
  if (count === undefined) return head(io)
  const { sources, missing } = await inputs(io, rest)
  let left = sizeOf(count)
  for (const source of sources) {
    for (let chunk = await source.read(left); chunk !== undefined && left > 0; chunk = await source.read(left)) {
      left -= chunk.length
      if (io.signal.aborted || !(await io.stdout.write(chunk))) return exit.failed
    }
  }
  return done(missing)
}

/** `10`, `4k`, `2M`. */
export function sizeOf(text: string): number {
  const [, digits = '0', unit = ''] = /^(\d+)([kKmMgG]?)/.exec(text) ?? []
  const units: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
  return Number(digits) * (units[unit.toLowerCase()] ?? 1)
}

const tail = lineProgram('nc', (_io, flags, rest) => {
  const count = Number((flags.get('n') ?? '10').replace(/^-/, ''))
  const kept: string[] = []
  const each = (line: string) => {
    kept.push(`${line}\n`)
    if (kept.length > count) kept.shift()
    return ''
  }
  return { names: rest, work: { each, end: () => kept.join('') } }
})

const grep = lineProgram('e', (_io, flags, rest) => {
  const source = flags.get('e') ?? rest.shift() ?? ''
  const plain = flags.has('F') ? source.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : source
  const form = new RegExp(plain, flags.has('i') ? 'iu' : 'u')
  let count = 0
  const each = (line: string) => {
    if (form.test(line) === flags.has('v')) return ''
    count += 1
    return flags.has('q') || flags.has('c') ? '' : `${line}\n`
  }
  const end = () => (flags.has('c') ? `${count}\n` : '')
  return { names: rest, work: { each, end, code: () => (count > 0 ? exit.ok : exit.failed) } }
})

const sort = lineProgram('k', (_io, flags, rest) => {
  const lines: string[] = []
  const order = flags.has('n') ? (a: string, b: string) => Number.parseFloat(a) - Number.parseFloat(b) : undefined
  const end = () => {
    const sorted = flags.has('u') ? [...new Set(lines)].sort(order) : lines.sort(order)
    return (flags.has('r') ? sorted.reverse() : sorted).map((line) => `${line}\n`).join('')
  }
  return { names: rest, work: { each: (line) => (lines.push(line), ''), end } }
})

const uniq = lineProgram('', (_io, _flags, rest) => {
  let last: string | undefined
  const each = (line: string) => {
    const same = line === last
    last = line
    return same ? '' : `${line}\n`
  }
  return { names: rest, work: { each } }
})

const wc: Program = async (io) => {
  const { flags, rest } = options(io.argv)
  const { sources, missing } = await inputs(io, rest)
  let [lines, words, bytes] = [0, 0, 0]
  let inWord = false
  for (const source of sources) {
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
      bytes += chunk.length
      for (const byte of chunk) {
        const blank = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
        if (byte === 0x0a) lines += 1
        if (!blank && !inWord) words += 1
        inWord = !blank
      }
    }
  }
  const all = { l: lines, w: words, c: bytes }
  const asked = (['l', 'w', 'c'] as const).filter((flag) => flags.has(flag))
  const shown = (asked.length === 0 ? (['l', 'w', 'c'] as const) : asked).map((flag) => String(all[flag]))
  await io.stdout.write(`${shown.length === 1 ? shown.join('') : shown.map((text) => text.padStart(9)).join(' ')}\n`)
  return done(missing)
}

const tr: Program = async (io) => {
  const { flags, rest } = options(io.argv)
  const from = spread(rest[0] ?? '')
  const to = spread(rest[1] ?? '')
  for (let chunk = await io.stdin.read(); chunk !== undefined; chunk = await io.stdin.read()) {
    const mapped = Array.from(chunk.toString('latin1'), (char) => {
      const at = from.indexOf(char)
      if (at < 0) return char
      return flags.has('d') ? '' : (to[Math.min(at, to.length - 1)] ?? char)
    })
    if (!(await io.stdout.write(Buffer.from(mapped.join(''), 'latin1')))) return exit.failed
  }
  return exit.ok
}

/** `a-z` as its letters, `\n` as itself. */
function spread(set: string): string[] {
  const plain = set.replace(/\\n/g, '\n').replace(/\\t/g, '\t')
  const ranges = plain.replace(/(.)-(.)/gs, (_, first: string, last: string) => {
    const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)]
    return Array.from({ length: Math.max(0, to - from + 1) }, (_one, index) => String.fromCharCode(from + index)).join(
      '',
    )
  })
  return [...ranges]
}

const cut = lineProgram('dfc', (_io, flags, rest) => {
  const separator = flags.get('d') ?? '\t'
  const wanted = (flags.get('f') ?? flags.get('c') ?? '').split(',').map((text) => text.split('-').map(Number))
  const chosen = (index: number) => wanted.some(([from = 0, to = from]) => index >= from && index <= (to || Infinity))
  const each = (line: string) => {
    const items = flags.has('c') ? [...line] : line.split(separator)
    return `${items.filter((_item, index) => chosen(index + 1)).join(flags.has('c') ? '' : separator)}\n`
  }
  return { names: rest, work: { each } }
})

const tee: Program = async (io) => {
  const { flags, rest } = options(io.argv)
  const paths = rest.map((name) => resolvePath(io.cwd, name))
  const { files } = io.machine
  for (const path of paths) if (!flags.has('a')) files.write(path, Buffer.alloc(0))
  for (let chunk = await io.stdin.read(); chunk !== undefined; chunk = await io.stdin.read()) {
    for (const path of paths) files.write(path, Buffer.concat([files.read(path) ?? Buffer.alloc(0), chunk]))
    await io.stdout.write(chunk)
  }
  return exit.ok
}

const base64: Program = async (io) => {
  const { flags, rest } = options(io.argv, 'w')
  const { sources, missing } = await inputs(io, rest)
  const chunks: Buffer[] = []
  for (const source of sources) {
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) chunks.push(chunk)
  }
  const all = Buffer.concat(chunks)
  if (flags.has('d')) await io.stdout.write(Buffer.from(all.toString('latin1'), 'base64'))
  else
    await io.stdout.write(
      `${flags.has('w') ? all.toString('base64') : all.toString('base64').replace(/.{76}(?=.)/g, '$&\n')}\n`,
    )
  return done(missing)
}

export const textPrograms: Readonly<Record<string, Program>> = {
  ...{ cat, head: headOrBytes, tail, grep, sort, uniq, wc, tr, cut, tee, base64 },
}
