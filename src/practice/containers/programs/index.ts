import { exit, type Io, type Program } from '../process.ts'
import { isComplete, Shell, type RunProgram } from '../shell/shell.ts'
import { linesOf } from '../pipe.ts'
import { networkPrograms } from './network.ts'
import { systemPrograms } from './system.ts'
import { tar } from './tar.ts'
import { textPrograms } from './text.ts'

const shellNames = ['sh', 'bash', 'ash', 'dash'] as const

/** `sh -c SCRIPT [NAME ARGS…]`, `sh FILE`, or lines from standard input; with a prompt on a terminal. */
const sh: Program = async (io) => {
  const [, ...args] = io.argv
  while (/^-[eux]+$/.test(args[0] ?? '')) args.shift()
  if (/^-\w*c$/.test(args[0] ?? '')) {
    const [, script = '', , ...rest] = args
    return new Shell(io, runProgram, rest).script(script)
  }
  const [file] = args.filter((text) => !text.startsWith('-'))
  if (file !== undefined) {
    const content = io.machine.files.read(file.startsWith('/') ? file : `${io.cwd}/${file}`)
    if (content !== undefined) return new Shell(io, runProgram, args.slice(1)).script(content.toString('utf8'))
    await io.stderr.write(`sh: can't open '${file}': No such file or directory\n`)
    return exit.notFound
  }
  return interactive(io)
}

async function interactive(io: Io): Promise<number> {
  const shell = new Shell(io, runProgram)
  const hasTerminal = io.machine.terminal !== undefined
  const prompt = () => (hasTerminal ? io.stdout.write(`${shell.cwd} # `) : Promise.resolve(true))
  let code: number = exit.ok
  let pending = ''
  await prompt()
  for await (const line of linesOf(io.stdin)) {
    pending += pending === '' ? line : `\n${line}`
    if (!isComplete(pending)) {
      if (hasTerminal) await io.stdout.write('> ')
      continue
    }
    const ended = await shell.line(pending)
    pending = ''
    code = ended.code
    if (ended.left) return code
    await prompt()
  }
  if (hasTerminal) await io.stdout.write('\n')
  return pending === '' ? code : shell.script(pending)
}

const programs: Readonly<Record<string, Program>> = {
  ...textPrograms,
  ...systemPrograms,
  ...networkPrograms,
  tar,
  ...Object.fromEntries(shellNames.map((name) => [name, sh])),
  which: async (io) => {
    const name = io.argv[1] ?? ''
    return findProgram(name) !== undefined && (await io.stdout.write(`/bin/${name}\n`)) ? exit.ok : exit.failed
  },
  xargs: async (io) => {
    const words: string[] = []
    for await (const line of linesOf(io.stdin)) words.push(...line.split(/\s+/).filter((word) => word !== ''))
    const argv = [...(io.argv.length > 1 ? io.argv.slice(1) : ['echo']), ...words]
    return (await runProgram({ ...io, argv })) ?? exit.notFound
  },
}

/** The program of that name, with or without its folder; undefined when there is none. */
export function findProgram(name: string): Program | undefined {
  const base = name.replace(/^\/(usr\/)?(local\/)?s?bin\//, '')
  return Object.hasOwn(programs, base) ? programs[base] : undefined
}

/** Starts the program that `argv` names. */
const runProgram: RunProgram = (io) => findProgram(io.argv[0] ?? '')?.(io)
