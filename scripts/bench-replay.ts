import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openLive } from '../src/recording/live.ts'
import { Player } from '../src/terminal/player.ts'
import { ScreenClient } from '../src/terminal/screen-client.ts'
import { Timeline } from '../src/terminal/timeline.ts'

/**
 * How long the player of a recording of an hour takes: to open it, to go to its end for the first time, to go back, and
 * to find words. A time ends with the last
 * frame before the screen rests. Prints JSON.
 * Usage: node scripts/bench-replay.ts [--megabytes 50] [--seeks 20]
 */
const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '50' }, seeks: { type: 'string', default: '20' } },
})
const hour = 3600
const size = { cols: 120, rows: 40 }
const seeks = Number(values.seeks)

/** So long (milliseconds) after its last frame a screen is taken to be done. */
const quietMs = 400

/** A terminal that takes every frame at once, and knows when the last one came. */
class Frames {
  last = 0
  readonly stdout = new Writable({
    write: (_chunk, _encoding, done) => {
      this.last = performance.now()
      done()
    },
  })

  async quiet(): Promise<void> {
    const before = this.last
    while (this.last === before || performance.now() - this.last < quietMs) await pause(5)
  }
}

const folder = await mkdtemp(join(tmpdir(), 'bench-replay-'))
try {
  const file = join(folder, 'hour.cast')
  await writeFile(file, recording(Number(values.megabytes) * 1_000_000))
  process.stdout.write(`${JSON.stringify({ load: loadavg()[0], ...(await measure(file)) })}\n`)
} finally {
  await rm(folder, { recursive: true })
}

async function measure(file: string): Promise<Record<string, number>> {
  const start = performance.now()
  const { cast } = await openLive(file)
  const timeline = new Timeline(cast.events)
  const terminal = new Frames()
  const failed = Promise.withResolvers<never>()
  const screenSize = { ...size, modelCols: size.cols, modelRows: size.rows - 1 }
  await using screen = new ScreenClient(
    { ...screenSize, purpose: 'player' },
    Object.assign(terminal.stdout, { getColorDepth: () => 24 }) as never,
    failed.reject,
  )
  screen.enter()
  const common = { timeline, title: '', cols: size.cols, rows: size.rows - 1, screen, terminal: () => size }
  const player = new Player({ ...common, quit: () => undefined })
  player.start()
  player.key(' ')
  await Promise.race([terminal.quiet(), failed.promise])
  const opened = performance.now() - start
  const press = async (...keys: readonly string[]) => {
    const began = performance.now()
    for (const key of keys) player.key(key)
    await Promise.race([terminal.quiet(), failed.promise])
    return terminal.last - began
  }
  const toEnd = await press('end')
  const back: number[] = []
  for (let at = 0; at < seeks; at += 1) {
    const minutes = String((at * 37) % 60)
    back.push(await press('g', ...minutes, ':', '0', '0', 'enter'))
  }
  const steps: number[] = []
  for (let at = 0; at < seeks; at += 1) steps.push(await press(','))
  const found = await press('/', ...'needle at the end', 'enter')
  const foundBack = await press('N')
  player.stop()
  const rest = { toEnd, found, foundBack, opened, rss: process.memoryUsage.rss() / 1e6 }
  return rounded({
    ...rest,
    seekP50: quantile(back, 0.5),
    seekMax: Math.max(...back),
    stepBackP50: quantile(steps, 0.5),
  })
}

/** An hour of coloured lines, with a word to be found near the beginning and at the end. */
function recording(bytes: number): string {
  const line = (n: number) =>
    `\u001b[3${n % 8}m${String(n).padStart(9)}\u001b[0m pod/web-${n * 7919} Running ${'.'.repeat(60)}\r\n`
  const count = Math.floor(bytes / line(1).length)
  const lines = Array.from({ length: count }, (_, n) => {
    const word = n === 100 || n === count - 100 ? 'needle at the end\r\n' : ''
    return JSON.stringify([(n * hour) / count, 'o', line(n) + word])
  })
  return `${JSON.stringify({ version: 2, width: size.cols, height: size.rows - 1 })}\n${lines.join('\n')}\n`
}

function quantile(from: readonly number[], share: number): number {
  return from.toSorted((a, b) => a - b)[Math.floor(from.length * share)] ?? Number.NaN
}

function rounded(from: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, Math.round(value * 10) / 10]))
}
