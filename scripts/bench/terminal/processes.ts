import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ of every Linux there is: clock ticks a second in /proc/PID/stat. */
const ticksPerSecond = 100

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly cpuSeconds: number
}

/** Seconds of CPU that these processes and all below them have used, those at and below `without` left out. */
export function cpuSecondsOf(roots: readonly number[], without: string): number {
  return familyOf(roots, without).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

/** Proportional set size (memory, shared pages divided among their users) of the same processes, in MB. */
export function memoryOf(roots: readonly number[], without: string): number {
  return familyOf(roots, without).reduce((sum, { pid }) => sum + pssOf(pid), 0)
}

function familyOf(roots: readonly number[], without: string): Stat[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(Number(name)) : []))
  const members: Stat[] = []
  const take = (pid: number) => {
    const stat = all.find((one) => one.pid === pid)
    if (stat === undefined || members.includes(stat) || commandOf(pid).includes(without)) return
    members.push(stat)
    for (const child of all) if (child.parent === pid) take(child.pid)
  }
  for (const root of roots) take(root)
  return members
}

/** The command's name in parentheses may hold anything, so the fields are counted from behind it (proc(5)). */
function readStat(pid: number): Stat[] {
  const text = read(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields.length < 13) return []
  return [{ pid, parent: Number(fields[1]), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond }]
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).split('\0')[0] ?? ''
}

function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024
}

/** Empty for a process that has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
