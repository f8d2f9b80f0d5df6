import type { Answer, Call } from '../answer/answer.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { formatLine } from '../containers/phrases.ts'
import type { Log, LogLine } from '../containers/log.ts'
import { badRequest } from '../failure.ts'
import { adoptAll, chosenContainer, type Found } from '../remote/containers.ts'
import { isFields, readText, type KubeObject } from '../state/objects.ts'
import type { Query } from '../transport/target.ts'

/** `pods/log` (core/v1 PodLogOptions): what a container wrote, and what it goes on to write when `follow` asks for it. */
export function logAnswer(call: Call, route: Route): Answer {
  const { query } = call.target
  const pod = storedObject(call.store, route)
  adoptAll(call, pod)
  const found = chosenContainer(pod, query.first('container'))
  const log = logOf(call, pod, found, query)
  const stamps = query.flag('timestamps')
  const shown = log === undefined ? [] : chosenLines(log.lines, query, call.now())
  const text = limited(shown.map((line) => formatLine(line, stamps)).join(''), query)
  if (!query.flag('follow') || log === undefined) return { kind: 'text', code: 200, text }
  return {
    kind: 'stream',
    contentType: 'text/plain; charset=utf-8',
    start: (write, end) => {
      const left = new AbortController()
      const lines = log.follow(left.signal)
      if (text !== '') write(text)
      void (async () => {
        for await (const line of lines) write(formatLine(line, stamps))
        end()
      })()
      return () => left.abort()
    },
  }
}

function logOf({ runtime }: Call, pod: KubeObject, { spec, status }: Found, query: Query): Log | undefined {
  const name = readText(spec, 'name')
  const key = { podUid: pod.metadata.uid, container: name }
  if (query.flag('previous')) {
    const previous = runtime.log(key, true)
    if (previous !== undefined) return previous
    throw badRequest(
      `previous terminated container ${JSON.stringify(name)} in pod ${JSON.stringify(pod.metadata.name)} not found`,
    )
  }
  const log = runtime.log(key, false)
  if (log !== undefined) return log
  const waiting = isFields(status?.['state']) ? readText(status['state'], 'waiting.reason') : 'ContainerCreating'
  const where = `container ${JSON.stringify(name)} in pod ${JSON.stringify(pod.metadata.name)}`
  if (waiting === '') return undefined
  if (/Pull/.test(waiting)) throw badRequest(`${where} is waiting to start: trying and failing to pull image`)
  throw badRequest(`${where} is waiting to start: ${waiting}`)
}

function chosenLines(lines: readonly LogLine[], query: Query, now: Date): readonly LogLine[] {
  const since = query.has('sinceTime')
    ? Date.parse(query.first('sinceTime'))
    : query.has('sinceSeconds')
      ? now.getTime() - query.number('sinceSeconds') * 1000
      : -Infinity
  const late = lines.filter(({ time }) => time.getTime() >= since)
  if (!query.has('tailLines')) return late
  const count = query.number('tailLines')
  if (count < 0) throw badRequest(`tailLines: Invalid value: ${count}: must be greater than or equal to 0`)
  return count === 0 ? [] : late.slice(-count)
}

function limited(text: string, query: Query): string {
  return query.has('limitBytes') ? Buffer.from(text).subarray(0, query.number('limitBytes')).toString('utf8') : text
}
