import { fileURLToPath } from 'node:url'
import type { Contender } from './contenders.ts'
import type { Outer } from './outer.ts'
import { cpuSecondsOf, memoryOf } from './processes.ts'

const ready = '@READY@'
const end = '@@END@@'
/** Name under which the measured program runs, so that its own cost can be left out. */
const program = 'bench-program'
/** Characters that are in no status line, one after the other, so that each repaint is of another cell. */
const keys = ['@', '~', '^', '#', '=', '%']
/** Milliseconds between two keys: a fast typist's auto-repeat, not a paste. */
const keyGapMs = { least: 4, spread: 8 }

/** By then (milliseconds) Node.js has compiled what it runs sixty times a second. */
const compilingMs = 8_000

/** Opens a program that says it is ready, lets the work be done with it and closes it. */
async function within<T>(
  contender: Contender,
  command: readonly string[],
  sign: string,
  work: (outer: Outer) => Promise<T>,
): Promise<T> {
  const outer = contender.open(command)
  try {
    await outer.seen(sign)
    outer.forget()
    return await work(outer)
  } finally {
    await contender.close(outer)
  }
}

/** Seconds from the start of `cat FILE` until what was printed after it is painted, and the memory then, in MB. */
export function flood(contender: Contender, file: string): Promise<{ seconds: number; memory: number }> {
  const script = `printf '@%s@' READY; read x; cat "$0"; printf '\\n@@%s@@' END; read x`
  return within(contender, ['sh', '-c', script, file], ready, async (outer) => {
    const began = performance.now()
    outer.write('\r')
    const seconds = ((await outer.seen(end)) - began) / 1000
    return { seconds, memory: memoryOf([outer.pid, ...contender.others()], program) }
  })
}

/** Milliseconds from each key to its echo on the terminal. */
export function echo(contender: Contender, count: number): Promise<number[]> {
  return within(contender, ['sh', '-c', `printf '@%s@\\n' READY; exec cat`], ready, async (outer) => {
    const taken: number[] = []
    for (let index = 0; index < count; index += 1) {
      await pause(keyGapMs.least + Math.random() * keyGapMs.spread)
      const key = keys[index % keys.length] ?? ''
      outer.forget()
      const began = performance.now()
      outer.write(key)
      taken.push((await outer.seen(key)) - began)
    }
    return taken
  })
}

export interface FramesCost {
  /** Share of one core from the second second on, while what runs in Node.js is still being compiled. */
  readonly starting: number
  /** Share of one core once it runs as it will for hours. */
  readonly steady: number
  /** Painted a second. */
  readonly kilobytes: number
}

/** What a program drawing 60 frames a second costs beside itself, each measured for so many seconds. */
export function frames(contender: Contender, seconds: number): Promise<FramesCost> {
  const dashboard = fileURLToPath(new URL('dashboard.ts', import.meta.url))
  const command = ['bash', '-c', `exec -a ${program} "$0" "$@"`, process.execPath, dashboard]
  return within(contender, command, 'kube-system', async (outer) => {
    const cost = async () => {
      const spent = () => cpuSecondsOf([outer.pid, ...contender.others()], program)
      const [before, bytes, began] = [spent(), outer.bytes, performance.now()]
      await pause(seconds * 1_000)
      const lasted = (performance.now() - began) / 1_000
      return { share: (spent() - before) / lasted, kilobytes: (outer.bytes - bytes) / 1_000 / lasted }
    }
    await pause(1_000)
    const { share: starting } = await cost()
    await pause(compilingMs)
    const { share: steady, kilobytes } = await cost()
    return { starting, steady, kilobytes }
  })
}

/** Milliseconds from the start of the contender to the first prompt of a shell in it. */
export async function prompt(contender: Contender): Promise<number> {
  const began = performance.now()
  const outer = contender.open(['bash', '--norc', '-c', `PS1='@PROMPT''@ ' exec bash --norc`])
  try {
    return (await outer.seen('@PROMPT@')) - began
  } finally {
    await contender.close(outer)
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
