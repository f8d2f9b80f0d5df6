import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Fault, type FaultCode } from '../model/fault.ts'

/** A first start makes keys and opens the journal; on a loaded machine that may take a few seconds. */
const readyWithinMs = 30_000

interface ChildOptions {
  readonly args: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  /** Its stderr goes here. */
  readonly log: string
  /** Detached: own process group, survives its parent. Otherwise it ends when its stdin closes. */
  readonly detached: boolean
  /** True for a detached child that waits for a line of ours before it begins. */
  readonly waits?: boolean
  readonly what: string
}

/** Starts another `chaperone` process and waits for the one line of JSON it prints when it is ready. */
export async function startChild(options: ChildOptions): Promise<Started> {
  return await launchChild(options).ready
}

interface Started {
  readonly child: ChildProcess
  readonly ready: unknown
}

/** The same without waiting: what follows can be done while the child loads. */
export function launchChild(options: ChildOptions): { readonly child: ChildProcess; readonly ready: Promise<Started> } {
  const log = openSync(options.log, 'w', 0o600)
  const input = options.detached && options.waits !== true ? 'ignore' : 'pipe'
  const child = spawn(process.execPath, [mainFile(), ...options.args], {
    env: { ...options.variables },
    stdio: [input, 'pipe', log],
    detached: options.detached,
  })
  closeSync(log)
  const ready = untilReady(child, options)
  // Whoever waits for it hears of it; until then it is not unhandled.
  ready.catch(() => {})
  return { child, ready }
}

async function untilReady(child: ChildProcess, options: ChildOptions): Promise<Started> {
  try {
    const line = await firstLine(child)
    if (line === undefined) {
      throw new Fault('ERR_BROKER', `${options.what} ended before it was ready.`, {
        advice: `Its words are in ${options.log}.`,
      })
    }
    const ready = parseReady(line)
    child.stdout?.destroy()
    if (options.detached) {
      child.stdin?.destroy()
      child.unref()
    }
    return { child, ready }
  } catch (thrown) {
    child.kill()
    throw thrown
  }
}

/** The program itself, for what starts it again. */
export function mainFile(): string {
  return fileURLToPath(new URL('../main.js', import.meta.url))
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  let text = ''
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Fault('ERR_BROKER', `A part of Chaperone was not ready within ${readyWithinMs / 1000} seconds.`))
    }, readyWithinMs)
    const settle = (line: string | undefined) => {
      clearTimeout(late)
      resolve(line)
    }
    child.on('error', reject)
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const end = text.indexOf('\n')
      if (end !== -1) settle(text.slice(0, end))
    })
    child.on('close', () => settle(undefined))
  })
}

/** True for a process that `startChild` started: these flags are for nothing else. */
export function isChild(args: readonly string[]): boolean {
  return ['--until-idle', '--until-stdin-closes', '--until-exit'].some((flag) => args.includes(flag))
}

/** Why a child could not start, as the line that its parent waits for: no log is needed, which a full disk may not take. */
export function childFault({ code, message, advice }: Fault): string {
  return `${JSON.stringify({ kind: 'Fault', code, message, advice })}\n`
}

function parseReady(line: string): unknown {
  const said = JSON.parse(line) as { kind?: unknown; code: FaultCode; message: string; advice: string }
  if (said.kind === 'Fault') throw new Fault(said.code, said.message, { advice: said.advice })
  return said
}
