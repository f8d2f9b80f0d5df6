import { resolvePath } from '../files.ts'
import { nothing, Pipe, type Sink, type Source } from '../pipe.ts'
import { exit, type Io } from '../process.ts'
import { expandText, expandWords, type Expansion } from './expand.ts'
import { parse, type Command, type List, type Pipeline, type Redirect, type Stage } from './parse.ts'
import { ShellSyntaxError, tokens } from './syntax.ts'

/** Runs a program by its name; undefined when there is none of it. */
export type RunProgram = (io: Io) => Promise<number> | undefined

/** Where a command reads and writes. */
interface Ports {
  readonly stdin: Source
  readonly stdout: Sink
  readonly stderr: Sink
}

/** Leaves loops or the shell. */
class Leave extends Error {
  override readonly name = 'Leave'
  readonly what: 'exit' | 'break' | 'continue'
  readonly code: number

  constructor(what: Leave['what'], code: number) {
    super(what)
    this.what = what
    this.code = code
  }
}

const isLeave = (thrown: unknown): thrown is Leave => thrown instanceof Leave

/** Commands that a turn of a loop runs before other work of the process gets its turn. */
const breathEvery = 64

/**
 * A small shell: lists, pipelines, redirections, `if`, loops, substitutions. What it does not know it says, as a shell
 * says it.
 */
export class Shell {
  readonly #io: Io
  readonly #run: RunProgram
  readonly #variables: Map<string, string>
  readonly #arguments: readonly string[]
  #cwd: string
  #status = 0
  #commands = 0

  constructor(io: Io, run: RunProgram, args: readonly string[] = []) {
    this.#io = io
    this.#run = run
    this.#variables = new Map(Object.entries(io.env))
    this.#arguments = args
    this.#cwd = io.cwd
  }

  get cwd(): string {
    return this.#cwd
  }

  /** Runs a script; resolves with its exit code. */
  async script(text: string, ports: Ports = this.#io): Promise<number> {
    try {
      return await this.#guarded(text, ports)
    } catch (thrown) {
      if (!isLeave(thrown)) throw thrown
      return thrown.code
    }
  }

  /** Runs one line of an interactive shell; `left` tells that the shell is to end. */
  async line(text: string): Promise<{ readonly code: number; readonly left: boolean }> {
    try {
      return { code: await this.#guarded(text, this.#io), left: false }
    } catch (thrown) {
      if (!isLeave(thrown)) throw thrown
      return { code: thrown.code, left: thrown.what === 'exit' }
    }
  }

  async #guarded(text: string, ports: Ports): Promise<number> {
    try {
      return await this.#list(parse(text), ports)
    } catch (thrown) {
      if (!(thrown instanceof ShellSyntaxError)) throw thrown
      await ports.stderr.write(`sh: syntax error: ${thrown.message}\n`)
      return (this.#status = exit.misuse)
    }
  }

  async #list(list: List, ports: Ports): Promise<number> {
    for (const pipeline of list) {
      this.#checkSignal()
      if (pipeline.after === '&&' && this.#status !== 0) continue
      if (pipeline.after === '||' && this.#status === 0) continue
      if (pipeline.background) {
        // What runs in the background may fail on its own; the shell goes on.
        void this.#pipeline(pipeline, { ...ports, stdin: nothing }).catch((thrown: unknown) => {
          if (!isLeave(thrown)) throw thrown
        })
        this.#status = 0
      } else this.#status = await this.#pipeline(pipeline, ports)
    }
    return this.#status
  }

  #checkSignal(): void {
    const { signal } = this.#io
    if (signal.aborted) throw new Leave('exit', typeof signal.reason === 'number' ? signal.reason : exit.killed)
  }

  async #pipeline({ stages, negated }: Pipeline, ports: Ports): Promise<number> {
    const running: Promise<number>[] = []
    let input = ports.stdin
    for (const [index, stage] of stages.entries()) {
      const isLast = index === stages.length - 1
      const between = isLast ? undefined : new Pipe()
      const own = { stdin: input, stdout: between ?? ports.stdout, stderr: ports.stderr }
      const before = input
      running.push(
        this.#stage(stage, own, stages.length > 1).finally(() => {
          between?.end()
          if (index > 0 && before instanceof Pipe) before.break()
        }),
      )
      input = between ?? nothing
    }
    const codes = await Promise.all(running)
    const code = codes.at(-1) ?? 0
    return negated ? Number(code === 0) : code
  }

  async #stage({ command, redirects }: Stage, ports: Ports, piped: boolean): Promise<number> {
    const redirected = await this.#redirect(redirects, ports)
    if (redirected === undefined) return exit.failed
    try {
      return await this.#command(command, redirected.ports, piped)
    } catch (thrown) {
      if (!piped || !isLeave(thrown)) throw thrown
      return thrown.code
    } finally {
      redirected.close()
    }
  }

  async #redirect(redirects: readonly Redirect[], ports: Ports) {
    let { stdin, stdout, stderr } = ports
    const closers: (() => void)[] = []
    for (const { operator, target } of redirects) {
      if (operator === '2>&1') stderr = stdout
      else if (operator === '>&2' || operator === '1>&2') stdout = stderr
      else {
        const name = await expandText(target, this.#expansion(ports))
        const path = resolvePath(this.#cwd, name)
        if (operator === '<') {
          const content = this.#io.machine.files.read(path)
          if (content === undefined) return this.#cannot(ports, `can't open ${name}: no such file`)
          stdin = sourceOf(content)
        } else {
          const file = this.#fileSink(path, operator.endsWith('>>'))
          if (file === undefined) return this.#cannot(ports, `can't create ${name}: nonexistent directory`)
          if (operator.startsWith('2')) stderr = file
          else stdout = file
          if (operator === '&>') stderr = file
        }
      }
    }
    return { ports: { stdin, stdout, stderr }, close: () => closers.forEach((close) => close()) }
  }

  async #cannot(ports: Ports, problem: string): Promise<undefined> {
    await ports.stderr.write(`sh: ${problem}\n`)
    return undefined
  }

  #fileSink(path: string, appends: boolean): Sink | undefined {
    const { files } = this.#io.machine
    if (path === '/dev/null') return { write: () => Promise.resolve(true) }
    let content = appends ? (files.read(path) ?? Buffer.alloc(0)) : Buffer.alloc(0)
    if (!files.write(path, content)) return undefined
    return {
      write: (bytes) => {
        content = Buffer.concat([content, Buffer.from(bytes)])
        return Promise.resolve(content.length <= maxFileBytes && files.write(path, content))
      },
    }
  }

  async #command(command: Command, ports: Ports, piped: boolean): Promise<number> {
    switch (command.kind) {
      case 'simple':
        return this.#simple(command.words, command.raw, ports)
      case 'group':
        return command.own || piped ? this.#ownShell(command.body, ports) : this.#list(command.body, ports)
      case 'if':
        for (const { condition, body } of command.branches) {
          if ((await this.#list(condition, ports)) === 0) return this.#list(body, ports)
        }
        return command.otherwise === undefined ? 0 : this.#list(command.otherwise, ports)
      case 'for': {
        const values = await expandWords(command.words, this.#expansion(ports))
        return this.#turns(values[Symbol.iterator](), command.body, ports, (value) => {
          this.#variables.set(command.name, value)
          return true
        })
      }
      case 'loop': {
        const forever = { next: () => ({ done: false as const, value: '' }) }
        const goesOn = async () => ((await this.#list(command.condition, ports)) === 0) !== command.until
        return this.#turns(forever, command.body, ports, goesOn)
      }
    }
  }

  async #turns(
    values: Pick<Iterator<string>, 'next'>,
    body: List,
    ports: Ports,
    goesOn: (value: string) => boolean | Promise<boolean>,
  ): Promise<number> {
    let code = 0
    for (let next = values.next(); next.done !== true; next = values.next()) {
      this.#checkSignal()
      if (!(await goesOn(next.value))) break
      try {
        code = await this.#list(body, ports)
      } catch (thrown) {
        if (!isLeave(thrown) || thrown.what === 'exit') throw thrown
        if (thrown.what === 'break') break
      }
    }
    return code
  }

  /** What happens in it, variables and folder, stays in it. */
  async #ownShell(body: List, ports: Ports): Promise<number> {
    const shell = this.#child(ports)
    try {
      return await shell.#list(body, ports)
    } catch (thrown) {
      if (!isLeave(thrown)) throw thrown
      return thrown.code
    }
  }

  #child(ports: Ports): Shell {
    const io = { ...this.#io, ...ports, env: Object.fromEntries(this.#variables), cwd: this.#cwd }
    return new Shell(io, this.#run, this.#arguments)
  }

  #expansion(ports: Ports): Expansion {
    const special: Readonly<Record<string, () => string>> = {
      '?': () => String(this.#status),
      $: () => '7',
      '#': () => String(this.#arguments.length),
      '@': () => this.#arguments.join(' '),
      '*': () => this.#arguments.join(' '),
    }
    return {
      variables: this.#variables,
      special: (name) => {
        if (/^\d$/.test(name)) return name === '0' ? 'sh' : (this.#arguments[Number(name) - 1] ?? '')
        return Object.hasOwn(special, name) ? special[name]?.() : undefined
      },
      output: async (script) => {
        const chunks: Buffer[] = []
        const stdout = { write: (bytes: Buffer | string) => Promise.resolve(chunks.push(Buffer.from(bytes)) > 0) }
        this.#status = await this.#child({ ...ports, stdout }).script(script, { ...ports, stdout })
        return Buffer.concat(chunks).toString('utf8').replace(/\n+$/, '')
      },
      files: this.#io.machine.files,
      cwd: () => this.#cwd,
    }
  }

  async #simple(words: Parameters<typeof expandWords>[0], raw: readonly string[], ports: Ports): Promise<number> {
    // Loops that never wait must not keep the process from its other work.
    if ((this.#commands = (this.#commands + 1) % breathEvery) === 0)
      await new Promise((resolve) => setImmediate(resolve))
    this.#checkSignal()
    const expansion = this.#expansion(ports)
    const count = raw.findIndex((text) => !/^[A-Za-z_]\w*=/.test(text))
    const assignments = words.slice(0, count < 0 ? words.length : count)
    const own: Record<string, string> = {}
    for (const word of assignments) {
      const text = await expandText(word, expansion)
      own[text.slice(0, text.indexOf('='))] = text.slice(text.indexOf('=') + 1)
    }
    const argv = await expandWords(words.slice(assignments.length), expansion)
    if (argv.length === 0) {
      for (const [name, value] of Object.entries(own)) this.#variables.set(name, value)
      return words.length > assignments.length ? this.#status : 0
    }
    return this.#builtin(argv, ports) ?? this.#program(argv, own, ports)
  }

  /** What changes the shell itself; undefined for anything else. */
  #builtin([name = '', ...args]: readonly string[], ports: Ports): Promise<number> | undefined {
    const done = (code: number) => Promise.resolve(code)
    switch (name) {
      case ':':
      case 'set':
      case 'trap':
      case 'wait':
        return done(0)
      case 'exit':
        throw new Leave('exit', args[0] === undefined ? this.#status : Number(args[0]) & 0xff)
      case 'break':
      case 'continue':
        throw new Leave(name, 0)
      case 'cd':
        return this.#changeFolder(args[0] ?? this.#variables.get('HOME') ?? '/', ports)
      case 'export':
        for (const text of args) {
          const at = text.indexOf('=')
          if (at > 0) this.#variables.set(text.slice(0, at), text.slice(at + 1))
        }
        return done(0)
      case 'unset':
        for (const text of args) this.#variables.delete(text)
        return done(0)
      case 'read':
        return this.#read(
          args.filter((text) => !text.startsWith('-')),
          ports,
        )
      case 'eval':
        return this.#list(parse(args.join(' ')), ports)
      case 'exec':
        return this.#program(args, {}, ports).then((code) => {
          throw new Leave('exit', code)
        })
      default:
        return undefined
    }
  }

  async #changeFolder(folder: string, ports: Ports): Promise<number> {
    const path = resolvePath(this.#cwd, folder)
    if (!this.#io.machine.files.isFolder(path)) {
      await ports.stderr.write(`sh: cd: can't cd to ${folder}: No such file or directory\n`)
      return exit.failed
    }
    this.#cwd = path
    this.#variables.set('PWD', path)
    return 0
  }

  /** One line, byte by byte, so that the rest stays for whoever reads next. */
  async #read(names: readonly string[], { stdin }: Ports): Promise<number> {
    const bytes: Buffer[] = []
    let ended = false
    for (;;) {
      const byte = await stdin.read(1)
      if (byte === undefined) ended = true
      if (byte === undefined || byte[0] === 0x0a) break
      bytes.push(byte)
    }
    const fields = Buffer.concat(bytes)
      .toString('utf8')
      .trim()
      .split(/[ \t]+/)
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1
      this.#variables.set(name, isLast ? fields.slice(index).join(' ') : (fields[index] ?? ''))
    }
    return ended && bytes.length === 0 ? exit.failed : 0
  }

  async #program(argv: readonly string[], own: Readonly<Record<string, string>>, ports: Ports): Promise<number> {
    const env = { ...Object.fromEntries(this.#variables), ...own }
    const io: Io = { ...this.#io, ...ports, argv, env, cwd: this.#cwd }
    const running = this.#run(io)
    if (running !== undefined) return running
    const [name = ''] = argv
    const script = name.includes('/') ? this.#io.machine.files.read(resolvePath(this.#cwd, name)) : undefined
    if (script !== undefined) return new Shell(io, this.#run, argv.slice(1)).script(script.toString('utf8'), ports)
    await ports.stderr.write(`sh: ${name}: not found\n`)
    return exit.notFound
  }
}

/** Bytes of one file that a redirection writes; a loop must not fill the memory of the process. */
const maxFileBytes = 16 * 1024 * 1024

export function sourceOf(content: Buffer): Source {
  let rest: Buffer | undefined = content.length === 0 ? undefined : content
  return {
    read: (most = Infinity) => {
      const taken = rest?.subarray(0, most)
      rest = rest === undefined || rest.length <= most ? undefined : rest.subarray(most)
      return Promise.resolve(taken)
    },
  }
}

/** True when the script is complete, so that an interactive shell need not ask for more. */
export function isComplete(text: string): boolean {
  try {
    tokens(text)
    parse(text)
    return true
  } catch (thrown) {
    if (!(thrown instanceof ShellSyntaxError)) throw thrown
    return !/unterminated|expecting|missing|unexpected end/.test(thrown.message)
  }
}
