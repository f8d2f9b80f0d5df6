import { readText, type KubeObject } from '../state/objects.ts'

const linesKept = 40

/** Seconds between two lines of the past. */
const pastIntervalSeconds = 7

const phrases: Readonly<Record<string, readonly string[]>> = {
  web: ['GET / 200 12ms', 'GET /teas/assam-tgfop 200 18ms', 'GET /teas/sencha 200 15ms', 'POST /basket 201 31ms'],
  checkout: ['order accepted', 'basket priced: 3 items, 27.40 EUR', 'payment requested', 'confirmation mail queued'],
  payments: ['authorised 27.40 EUR', 'captured 18.90 EUR', 'provider latency 142ms', 'webhook verified'],
  search: ['query "oolong" 14 hits 6ms', 'query "first flush" 9 hits 5ms', 'index refreshed: 412 products'],
}

const common = ['health check ok', 'listening on :8080', 'connection pool: 4 idle, 1 busy', 'cache hit ratio 0.93']

const crashing = [
  'starting loyalty-points 2.3.0',
  'connecting to postgres.data.svc:5432 as loyalty',
  'FATAL: password authentication failed for user "loyalty"',
  'exiting with status 1',
]

interface LogLine {
  readonly time: Date
  readonly text: string
}

/** The line that a container writes as its `index`th; the same container says the same again. */
function lineText(pod: KubeObject, container: string, index: number, crashes = isCrashing(pod)): string {
  const lines = crashes ? crashing : [...(phrases[container] ?? []), ...common]
  return `level=info app=${container} ${lines[index % lines.length] ?? ''}`
}

function isCrashing(pod: KubeObject): boolean {
  return JSON.stringify(pod['status'] ?? {}).includes('CrashLoopBackOff')
}

/** The past of a log, oldest first: the last lines up to `now`, none before the container started. */
export function pastLines(pod: KubeObject, container: string, now: Date): LogLine[] {
  const start = Date.parse(readText(pod, 'status.startTime')) || Date.parse(pod.metadata.creationTimestamp)
  const span = Math.max(0, Math.floor((now.getTime() - start) / 1000 / pastIntervalSeconds)) + 1
  const count = Math.min(span, isCrashing(pod) ? crashing.length : linesKept)
  return Array.from({ length: count }, (_, index) => ({
    time: new Date(now.getTime() - (count - index) * pastIntervalSeconds * 1000),
    text: lineText(pod, container, index),
  }))
}

/** The next line of a followed log. */
export function nextLine(pod: KubeObject, container: string, index: number, now: Date, crashes?: boolean): LogLine {
  return { time: now, text: lineText(pod, container, index, crashes) }
}

export function formatLine({ time, text }: LogLine, timestamps: boolean): string {
  return timestamps ? `${time.toISOString().replace('Z', '000000Z')} ${text}\n` : `${text}\n`
}
