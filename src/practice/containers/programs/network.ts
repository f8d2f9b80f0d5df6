import type { Connection, Io, Program } from '../process.ts'
import { endCode, exit, pause } from '../process.ts'
import { options } from './text.ts'

/** An HTTP/1.1 server that answers each request with what it was asked; every request is a line of its log. */
export function httpEcho(port: number): Program {
  return async (io) => {
    const said = (line: string) => io.stdout.write(line)
    io.machine.listen(port, (connection) => void answer(io, connection, said), io.signal)
    await io.stdout.write(`listening on :${port}\n`)
    await pause(2 ** 31 - 1, io.signal)
    return endCode(io)
  }
}

async function answer(io: Io, connection: Connection, said: (line: string) => Promise<boolean>): Promise<void> {
  const { input, output } = connection
  let text = ''
  for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read()) {
    text += chunk.toString('latin1')
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end)
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      if (text.length < end + 4 + length) break
      text = text.slice(end + 4 + length)
      const [first = ''] = head.split('\r\n')
      const body = `${io.machine.hostname}\n\n${head.replaceAll('\r', '')}\n`
      const last = /^connection: *close/im.test(head) || first.endsWith('HTTP/1.0')
      const lines = ['HTTP/1.1 200 OK', 'content-type: text/plain', `content-length: ${Buffer.byteLength(body)}`]
      const shown = first.startsWith('HEAD ') ? '' : body
      await output.write(`${[...lines, `connection: ${last ? 'close' : 'keep-alive'}`].join('\r\n')}\r\n\r\n${shown}`)
      await said(`${io.machine.now().toISOString()} "${first}" 200 ${Buffer.byteLength(body)}\n`)
      if (last) {
        output.end()
        connection.close()
        return
      }
    }
  }
  output.end()
}

/** A server that takes connections and says nothing that a client of its kind would understand. */
export function silentListener(port: number, greeting: readonly string[]): Program {
  return async (io) => {
    io.machine.listen(port, ({ output }) => output.end(), io.signal)
    for (const line of greeting) await io.stdout.write(`${io.machine.now().toISOString()} ${line}\n`)
    await pause(2 ** 31 - 1, io.signal)
    return endCode(io)
  }
}

/** wget and curl for http:// inside the cluster. */
const fetchUrl: Program = async (io) => {
  const { flags, rest } = options(
    io.argv.filter((text) => !/^-(qO-|O-|q|sS?|S|f)$/.test(text)),
    'OTtmXHdo',
  )
  const url = URL.parse(rest[0]?.includes('://') === true ? rest[0] : `http://${rest[0] ?? ''}`)
  const [name = ''] = io.argv
  if (url === null || url.protocol !== 'http:') {
    await io.stderr.write(`${name}: not an http address: ${rest[0] ?? ''}\n`)
    return exit.failed
  }
  const connection = io.machine.dial(url.hostname, Number(url.port || 80))
  if (connection === undefined) {
    await io.stderr.write(`${name}: can't connect to remote host (${url.hostname}): Connection refused\n`)
    return exit.failed
  }
  const method = flags.get('X') ?? 'GET'
  await connection.output.write(
    `${method} ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`,
  )
  const chunks: Buffer[] = []
  for (let chunk = await connection.input.read(); chunk !== undefined; chunk = await connection.input.read())
    chunks.push(chunk)
  connection.close()
  const text = Buffer.concat(chunks).toString('utf8')
  await io.stdout.write(text.slice(text.indexOf('\r\n\r\n') + 4))
  return exit.ok
}

/** nc HOST PORT: standard input goes there, what comes back is printed. `nc -z` only looks. */
const nc: Program = async (io) => {
  const { flags, rest } = options(io.argv, 'w')
  const connection = io.machine.dial(rest[0] ?? '', Number(rest[1]))
  if (connection === undefined) {
    await io.stderr.write(`nc: ${rest[0] ?? ''} (${rest[1] ?? ''}): Connection refused\n`)
    return exit.failed
  }
  if (flags.has('z')) {
    connection.close()
    return exit.ok
  }
  const sending = (async () => {
    for (let chunk = await io.stdin.read(); chunk !== undefined; chunk = await io.stdin.read())
      await connection.output.write(chunk)
    connection.output.end()
  })()
  for (let chunk = await connection.input.read(); chunk !== undefined; chunk = await connection.input.read())
    await io.stdout.write(chunk)
  await sending
  return exit.ok
}

export const networkPrograms: Readonly<Record<string, Program>> = { wget: fetchUrl, curl: fetchUrl, nc }
