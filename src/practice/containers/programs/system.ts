import { parentOf, resolvePath } from '../files.ts'
import { endCode, exit, pause, type Io, type Program } from '../process.ts'
import { options, openFile, sizeOf } from './text.ts'

const print = async (io: Io, text: string): Promise<number> => ((await io.stdout.write(text)) ? exit.ok : exit.failed)

const echo: Program = (io) => {
  const args = io.argv.slice(1)
  const flags = new Set<string>()
  while (/^-[neE]+$/.test(args[0] ?? '')) for (const flag of (args.shift() ?? '').slice(1)) flags.add(flag)
  const text = flags.has('e') ? unescaped(args.join(' ')) : args.join(' ')
  return print(io, flags.has('n') ? text : `${text}\n`)
}

function unescaped(text: string): string {
  const letters: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    '\\': '\\',
    e: '\x1b',
    a: '\x07',
    b: '\b',
  }
  return text.replace(
    /\\(?:0([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))/g,
    (whole, octal?: string, hex?: string, letter = '') => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      return letters[letter] ?? whole
    },
  )
}

const printf: Program = (io) => {
  const [format = '', ...args] = io.argv.slice(1)
  const once = () =>
    unescaped(format).replace(/%(-?\d*)(?:\.\d+)?([sdc%])/g, (_whole, width: string, kind: string) => {
      if (kind === '%') return '%'
      const text = args.shift() ?? (kind === 'd' ? '0' : '')
      return width.startsWith('-') ? text.padEnd(-Number(width)) : text.padStart(Number(width))
    })
  let text = once()
  while (args.length > 0 && /%[-\d.]*[sdc]/.test(format)) text += once()
  return print(io, text)
}

const sleep: Program = async (io) => {
  const seconds = io.argv.slice(1).reduce((sum, text) => {
    const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
    return sum + Number.parseFloat(text) * (units[text.at(-1) ?? ''] ?? 1)
  }, 0)
  const whole = (io.argv[1] ?? '').startsWith('inf') ? 2_147_483 : seconds
  if (Number.isNaN(whole)) {
    await io.stderr.write(`sleep: invalid number '${io.argv[1] ?? ''}'\n`)
    return exit.failed
  }
  await pause(Math.min(whole * 1000, 2 ** 31 - 1), io.signal)
  return io.signal.aborted ? endCode(io) : exit.ok
}

const env: Program = (io) =>
  print(
    io,
    Object.entries(io.env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )

const printenv: Program = (io) => {
  const [name] = io.argv.slice(1)
  if (name === undefined) return env(io)
  const value = io.env[name]
  return value === undefined ? Promise.resolve(exit.failed) : print(io, `${value}\n`)
}

const ls: Program = async (io) => {
  const { flags, rest } = options(io.argv)
  const { files } = io.machine
  let code: number = exit.ok
  const entry = (name: string, path: string) => {
    if (!flags.has('l')) return `${name}\n`
    const size = String(files.read(path)?.length ?? 4096).padStart(9)
    const mode = files.isFolder(path) ? 'drwxr-xr-x' : '-rw-r--r--'
    return `${mode}    1 root     root     ${size} Jan  1 00:00 ${name}\n`
  }
  for (const name of rest.length === 0 ? ['.'] : rest) {
    const path = resolvePath(io.cwd, name)
    const names = files.list(path)
    if (names !== undefined) {
      const shown = names.filter((one) => flags.has('a') || flags.has('A') || !one.startsWith('.'))
      await io.stdout.write(shown.map((one) => entry(one, resolvePath(path, one))).join(''))
    } else if (files.exists(path)) await io.stdout.write(entry(name, path))
    else {
      await io.stderr.write(`ls: ${name}: No such file or directory\n`)
      code = exit.failed
    }
  }
  return code
}

const rm: Program = async (io) => {
  const { flags, rest } = options(io.argv)
  const { files } = io.machine
  let code: number = exit.ok
  for (const name of rest) {
    const path = resolvePath(io.cwd, name)
    const problem = files.isFolder(path) && !flags.has('r') && !flags.has('R') ? 'is a directory' : undefined
    if (problem === undefined && (files.remove(path) || flags.has('f'))) continue
    await io.stderr.write(`rm: can't remove '${name}': ${problem ?? 'No such file or directory'}\n`)
    code = exit.failed
  }
  return code
}

const mkdir: Program = async (io) => {
  const { flags, rest } = options(io.argv, 'm')
  for (const name of rest) {
    const path = resolvePath(io.cwd, name)
    const problem = flags.has('p')
      ? undefined
      : io.machine.files.exists(path)
        ? 'File exists'
        : io.machine.files.isFolder(parentOf(path))
          ? undefined
          : 'No such file or directory'
    if (problem !== undefined) {
      await io.stderr.write(`mkdir: can't create directory '${name}': ${problem}\n`)
      return exit.failed
    }
    io.machine.files.makeFolder(path)
  }
  return exit.ok
}

const touch: Program = (io) => {
  const { files } = io.machine
  for (const name of options(io.argv).rest) {
    const path = resolvePath(io.cwd, name)
    if (!files.exists(path)) files.write(path, Buffer.alloc(0))
  }
  return Promise.resolve(exit.ok)
}

const test: Program = (io) => {
  const args = io.argv
    .slice(1)
    .filter((text, index, all) => !(io.argv[0] === '[' && text === ']' && index === all.length - 1))
  return Promise.resolve(holds(io, args) ? exit.ok : exit.failed)
}

function holds(io: Io, args: readonly string[]): boolean {
  const [first = '', second = '', third = ''] = args
  if (first === '!') return !holds(io, args.slice(1))
  const { files } = io.machine
  const path = resolvePath(io.cwd, second)
  if (args.length === 2) {
    switch (first) {
      case '-d':
        return files.isFolder(path)
      case '-f':
        return files.read(path) !== undefined
      case '-e':
      case '-r':
      case '-w':
        return files.exists(path)
      case '-s':
        return (files.read(path)?.length ?? 0) > 0
      case '-n':
        return second !== ''
      case '-z':
        return second === ''
    }
  }
  const [a, b] = [Number(first), Number(third)]
  const tests: Readonly<Record<string, boolean>> = {
    ...{ '=': first === third, '==': first === third, '!=': first !== third },
    ...{ '-eq': a === b, '-ne': a !== b, '-lt': a < b, '-le': a <= b, '-gt': a > b, '-ge': a >= b },
  }
  return args.length === 3 ? (tests[second] ?? false) : first !== ''
}

const seq: Program = async (io) => {
  const numbers = io.argv.slice(1).map(Number)
  const [from, step, to] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers
  if (from === undefined || to === undefined || step === undefined || step === 0) return exit.failed
  let text = ''
  for (let value = from; step > 0 ? value <= to : value >= to; value += step) {
    text += `${value}\n`
    if (text.length < 8192) continue
    if (io.signal.aborted || !(await io.stdout.write(text))) return exit.failed
    text = ''
  }
  return print(io, text)
}

/** The big-output generator: the same line until nobody reads any more. */
const yes: Program = async (io) => {
  const block = Buffer.from(`${io.argv.slice(1).join(' ') || 'y'}\n`.repeat(1024))
  while (!io.signal.aborted) {
    if (!(await io.stdout.write(block))) return exit.failed
    await new Promise((resolve) => setImmediate(resolve))
  }
  return endCode(io)
}

const dd: Program = async (io) => {
  const given = Object.fromEntries(io.argv.slice(1).map((text) => text.split('=', 2) as [string, string]))
  const source = given['if'] === undefined ? io.stdin : openFile(io, given['if'])
  if (source === undefined) return exit.failed
  const block = sizeOf(given['bs'] ?? '512')
  let left = given['count'] === undefined ? Infinity : block * Number(given['count'])
  const total = left
  for (let chunk = await source.read(Math.min(left, 65_536)); chunk !== undefined && left > 0;) {
    left -= chunk.length
    if (io.signal.aborted || !(await io.stdout.write(chunk))) return exit.failed
    chunk = left > 0 ? await source.read(Math.min(left, 65_536)) : undefined
  }
  if (Number.isFinite(total)) await io.stderr.write(`${total - left} bytes copied\n`)
  return exit.ok
}

const date: Program = (io) => {
  const now = io.machine.now()
  const [, format] = io.argv
  const pad = (value: number) => String(value).padStart(2, '0')
  const fields: Readonly<Record<string, string>> = {
    ...{ Y: String(now.getUTCFullYear()), m: pad(now.getUTCMonth() + 1), d: pad(now.getUTCDate()) },
    ...{ H: pad(now.getUTCHours()), M: pad(now.getUTCMinutes()), S: pad(now.getUTCSeconds()) },
    ...{
      s: String(Math.floor(now.getTime() / 1000)),
      T: now.toISOString().slice(11, 19),
      F: now.toISOString().slice(0, 10),
    },
  }
  if (format?.startsWith('+') === true) {
    return print(io, `${format.slice(1).replace(/%([A-Za-z])/g, (whole, letter: string) => fields[letter] ?? whole)}\n`)
  }
  const [day, , month, year] = now
    .toUTCString()
    .split(/,? /)
    .map((text) => text)
  const [, number = ''] = now.toUTCString().split(/,? /)
  return print(
    io,
    `${day} ${month} ${String(Number(number)).padStart(2)} ${now.toISOString().slice(11, 19)} UTC ${year}\n`,
  )
}

const stty: Program = (io) => {
  const size = io.machine.terminal?.()
  if (io.argv[1] === 'size' && size !== undefined) return print(io, `${size.rows} ${size.columns}\n`)
  return Promise.resolve(size === undefined ? exit.failed : exit.ok)
}

const says =
  (text: string): Program =>
  (io) =>
    print(io, text)

export const systemPrograms: Readonly<Record<string, Program>> = {
  ...{ echo, printf, sleep, env, printenv, ls, rm, mkdir, touch, test, '[': test, seq, yes, dd, date, stty },
  true: () => Promise.resolve(exit.ok),
  false: () => Promise.resolve(exit.failed),
  pwd: (io) => print(io, `${io.cwd}\n`),
  hostname: (io) => print(io, `${io.machine.hostname}\n`),
  whoami: says('root\n'),
  id: says('uid=0(root) gid=0(root) groups=0(root)\n'),
  uname: (io) =>
    print(io, io.argv.includes('-a') ? `Linux ${io.machine.hostname} 6.8.0 #1 SMP x86_64 GNU/Linux\n` : 'Linux\n'),
  ps: says('PID   USER     TIME  COMMAND\n    1 root      0:00 sh\n    7 root      0:00 ps\n'),
  nproc: says('2\n'),
  kill: () => Promise.resolve(exit.ok),
  chmod: () => Promise.resolve(exit.ok),
  chown: () => Promise.resolve(exit.ok),
  clear: says('\x1b[H\x1b[J'),
}
