import { execFile, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { startPractice, type PracticeCluster } from '../../src/practice/server.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RawAnswer {
  readonly code: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly json: Record<string, unknown>
}

export interface RawOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Empty = no Authorization header. */
  readonly token?: string
}

/** A practice cluster of its own with a kubectl and a plain HTTPS client that talk to it. */
export interface TestCluster extends AsyncDisposable {
  readonly practice: PracticeCluster
  /** Runs kubectl until it ends. */
  kubectl(...args: string[]): Promise<Ran>
  /** Runs kubectl with standard input and variables; fails the test when it fails, gives its standard output. */
  kubectlIn(input: string, args: readonly string[], env?: Record<string, string>): Promise<string>
  /** Lines of a kubectl that does not end by itself; it is ended when the loop is left. */
  lines(...args: string[]): AsyncGenerator<string>
  raw(target: string, options?: RawOptions): Promise<RawAnswer>
  /** Lines of a raw answer as they come; the connection is closed when the loop is left. */
  rawLines(target: string, headers?: Readonly<Record<string, string>>): AsyncGenerator<string>
  /** A file in a folder that is removed with the cluster. */
  file(name: string, content: string): Promise<string>
}

export async function startTestCluster(now: () => Date = () => new Date()): Promise<TestCluster> {
  const folder = await temporaryFolder()
  const practice = await startPractice({ host: '127.0.0.1', port: 0, now })
  const kubeconfig = join(folder.path, 'kubeconfig')
  await writeFile(kubeconfig, practice.kubeconfig)
  const program = await kubectlPath()
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder.path, KUBECONFIG: kubeconfig }
  const { users } = parse(practice.kubeconfig) as { users: { user: { token?: string } }[] }
  const adminToken = users[0]?.user.token ?? ''

  const agent = new Agent({ keepAlive: true })
  const run = (args: readonly string[], input = '', extra = {}): Promise<Ran> => {
    const { promise, resolve } = Promise.withResolvers<Ran>()
    const child = execFile(program, args, { env: { ...env, ...extra } }, (_failure, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
    child.stdin?.end(input)
    return promise
  }
  const open = (target: string, { method = 'GET', headers = {}, body, token = adminToken }: RawOptions) => {
    const authorization = token === '' ? {} : { authorization: `Bearer ${token}` }
    const url = new URL(practice.url)
    const options = { method, path: target, host: url.hostname, port: url.port, ca: practice.caPem, agent }
    const sent = httpsRequest({ ...options, headers: { ...authorization, ...headers } })
    sent.end(body)
    return sent
  }
  const response = (sent: ReturnType<typeof open>) => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    sent.once('response', resolve).once('error', reject)
    return promise
  }
  return {
    practice,
    kubectl: (...args) => run(args),
    kubectlIn: async (input, args, extra) => {
      const ran = await run(args, input, extra)
      if (ran.code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`)
      return ran.stdout
    },
    async *lines(...args) {
      const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
      try {
        yield* splitLines(child.stdout)
      } finally {
        child.kill()
      }
    },
    raw: async (target, options = {}) => {
      const answer = await response(open(target, options))
      const body = await text(answer)
      const isJson = (answer.headers['content-type'] ?? '').startsWith('application/json')
      const json = isJson && body !== '' && answer.headers['content-encoding'] === undefined ? parsed(body) : {}
      return { code: answer.statusCode ?? 0, headers: answer.headers, body, json }
    },
    async *rawLines(target, headers = {}) {
      const sent = open(target, { headers })
      try {
        yield* splitLines(await response(sent))
      } finally {
        sent.destroy()
      }
    },
    file: async (name, content) => {
      const path = join(folder.path, name)
      await writeFile(path, content)
      return path
    },
    [Symbol.asyncDispose]: async () => {
      agent.destroy()
      await practice.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function parsed(body: string): Record<string, unknown> {
  return JSON.parse(body) as Record<string, unknown>
}

async function* splitLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
