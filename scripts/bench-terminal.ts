import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { brokerPid, contenders, type Contender } from './bench/terminal/contenders.ts'
import { echo, flood, frames, prompt } from './bench/terminal/measures.ts'

/**
 * What a shell in Chaperone costs beside the same program in tmux, in script, and in nothing: 50 MB of output, the echo
 * of a key, a program that draws 60 frames a second, the time to the prompt, memory. Prints a line of JSON for each and
 * a table. Needs tmux, script and a built dist.
 * Usage: node scripts/bench-terminal.ts [--rounds 5] [--megabytes 50] [--keys 1000] [--main FILE] [--only PART,PART]
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '50' },
    keys: { type: 'string', default: '1000' },
    only: { type: 'string', default: 'plain,coloured,echo,frames,prompt' },
    main: { type: 'string', default: fileURLToPath(new URL('../dist/src/main.js', import.meta.url)) },
  },
})
const rounds = Number(values.rounds)
const parts = values.only.split(',')
const framesSeconds = 4

type Name = Contender['name']
/** Samples by what was measured and in which contender. */
const samples = new Map<string, Map<Name, number[]>>()

function note(what: string, name: Name, ...more: number[]): void {
  const row = samples.get(what) ?? new Map<Name, number[]>()
  samples.set(what, row)
  row.set(name, [...(row.get(name) ?? []), ...more])
}

/** The value below which that share of the samples lies. */
function quantile(from: readonly number[], share: number): number {
  const sorted = from.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

function logLines(megabytes: number, coloured: boolean): string {
  const lines: string[] = []
  for (let size = 0, index = 0; size < megabytes * 1e6; index += 1) {
    const [level, colour] = index % 7 === 0 ? ['WARN', '33'] : ['INFO', '32']
    const [on, name, off] = coloured ? [`\x1b[${colour}m`, '\x1b[1;36m', '\x1b[0m'] : ['', '', '']
    const time = `12:${String(index % 60).padStart(2, '0')}:07.${String(index % 1000).padStart(3, '0')}`
    const line = `${time} ${on}${level}${off} ${name}pod-${index % 97}${off} request ${index} took ${index % 350} ms, ${index * 13} bytes\n`
    lines.push(line)
    size += line.length
  }
  return lines.join('')
}

/** A different order each time, so that no contender always runs in the wake of the same other one. */
function mixed<T>(list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ one }) => one)
}

async function eachRound(what: string, list: readonly Contender[], work: (one: Contender) => Promise<void>) {
  if (!parts.some((part) => what.startsWith(part))) return
  for (let round = 0; round < rounds; round += 1) for (const one of mixed(list)) await work(one)
  process.stderr.write(`${what}: done, load ${loadavg()[0]?.toFixed(1)}\n`)
}

function report(what: string, unit: string, pick: (from: readonly number[]) => number, digits: number): string[] {
  const row = samples.get(what.replace(/ p\d+$/, ''))
  if (row === undefined) return []
  const value = (name: Name) => pick(row.get(name) ?? [])
  const cell = (name: Name) => (row.has(name) ? value(name).toFixed(digits) : '–')
  const ratio = (name: Name) => (row.has(name) ? `${(value('chaperone') / value(name)).toFixed(2)}×` : '–')
  const found = Object.fromEntries([...row.keys()].map((name) => [name, value(name)]))
  process.stdout.write(`${JSON.stringify({ what, unit, ...found })}\n`)
  const cells = [cell('none'), cell('script'), cell('tmux'), cell('chaperone'), ratio('tmux'), ratio('script')]
  return [[`${what} (${unit})`.padEnd(30), ...cells.map((text) => text.padStart(10))].join('')]
}

const folder = await mkdtemp(join(tmpdir(), 'bench-terminal-'))
try {
  process.stderr.write(
    `load average at the start: ${loadavg()
      .map((one) => one.toFixed(1))
      .join(' ')}\n`,
  )
  const all = contenders({ folder, main: values.main })
  const own = all.filter(({ name }) => name === 'chaperone')
  const painters = all.filter(({ name }) => name === 'tmux' || name === 'chaperone')

  await eachRound('prompt, cold', own, async (one) => {
    note('prompt cold', one.name, await prompt(one))
    await endBroker()
  })
  // Its session keeps the broker running while the others come and go.
  const kept = own.map((one) => ({ one, outer: one.open(['sh', '-c', `printf '@%s@' READY; read x`]) }))
  for (const { outer } of kept) await outer.seen('@READY@')

  for (const coloured of [false, true]) {
    const what = coloured ? 'coloured' : 'plain'
    const file = join(folder, what)
    await writeFile(file, logLines(Number(values.megabytes), coloured))
    await eachRound(what, all, async (one) => {
      const { seconds, memory } = await flood(one, file)
      note(`${what} output`, one.name, seconds)
      note(`memory after ${what}`, one.name, memory)
    })
  }
  await eachRound('echo', all, async (one) => {
    note('echo', one.name, ...(await echo(one, Math.ceil(Number(values.keys) / rounds))))
  })
  await eachRound('frames', painters, async (one) => {
    const { starting, steady, kilobytes } = await frames(one, framesSeconds)
    note('60 frames/s, first seconds', one.name, starting * 100)
    note('60 frames/s, one core', one.name, steady * 100)
    note('60 frames/s, painted', one.name, kilobytes)
  })
  await eachRound('prompt, broker running', all, async (one) => note('prompt', one.name, await prompt(one)))
  for (const { one, outer } of kept) await one.close(outer)

  const median = (from: readonly number[]) => quantile(from, 0.5)
  const head = ['none', 'script', 'tmux', 'chaperone', '/tmux', '/script'].map((text) => text.padStart(10)).join('')
  const lines = [
    ...report('plain output', 's', median, 2),
    ...report('coloured output', 's', median, 2),
    ...report('echo p50', 'ms', median, 2),
    ...report('echo p99', 'ms', (from) => quantile(from, 0.99), 2),
    ...report('60 frames/s, one core', '%', median, 1),
    ...report('60 frames/s, first seconds', '%', median, 1),
    ...report('60 frames/s, painted', 'kB/s', median, 0),
    ...report('prompt', 'ms', median, 0),
    ...report('prompt cold', 'ms', median, 0),
    ...report('memory after plain', 'MB', median, 0),
    ...report('memory after coloured', 'MB', median, 0),
  ]
  process.stdout.write(`${[' '.repeat(30) + head, ...lines].join('\n')}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** So that the next start finds none. */
async function endBroker(): Promise<void> {
  const pid = brokerPid(join(folder, 'state'))
  process.kill(pid, 'SIGTERM')
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
