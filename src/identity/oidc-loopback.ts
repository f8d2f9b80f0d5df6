import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '../model/fault.ts'
import { sameHash, tokenHash } from './tokens.ts'

const PATH = '/callback'

/** Where the browser comes back to, and what it brings. */
export interface Loopback extends AsyncDisposable {
  readonly redirectURI: string
  /** Resolves once; rejects with ERR_UNAUTHENTICATED when it answers another sign-in. */
  readonly answer: Promise<URL>
  /** Shows the person how it ended; until then the browser waits. */
  show(sentence: string): Promise<void>
}

/**
 * Listens on 127.0.0.1 for one answer of an authorization request (RFC 8252 section 7.3). Rejects with ERR_BUSY_PORT.
 */
export async function listenForAnswer(port: number, state: string): Promise<Loopback> {
  const { promise: answer, resolve, reject } = Promise.withResolvers<URL>()
  // Whoever waits for it hears of it.
  answer.catch(() => {})
  let waiting: ServerResponse | undefined
  let redirectURI = ''
  const server = createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
    const url = addressed(request, redirectURI)
    if (url === undefined || waiting !== undefined) return page(response, 404, 'There is nothing here.')
    waiting = response
    if (sameHash(tokenHash(url.searchParams.get('state') ?? ''), tokenHash(state))) return resolve(url)
    return reject(
      new Fault('ERR_UNAUTHENTICATED', 'What came back from the browser answers another sign-in (state).', {
        advice: 'Run `chaperone login` again, and sign in at the address that it prints.',
      }),
    )
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', (cause: NodeJS.ErrnoException) => failed(busy(port, cause)))
    server.listen(port, '127.0.0.1', listening)
  })
  redirectURI = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`
  return {
    redirectURI,
    answer,
    show: (sentence) =>
      new Promise((shown) => {
        if (waiting === undefined || waiting.destroyed || waiting.writableEnded) return shown()
        waiting.once('close', shown)
        return page(waiting, 200, sentence)
      }),
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

/** The address that was asked for, when it is the one that the provider was told; a name of this host is none. */
function addressed({ method, url = '', headers }: IncomingMessage, redirectURI: string): URL | undefined {
  const asked = URL.parse(url, redirectURI)
  const isOurs = `http://${headers.host ?? ''}${asked?.pathname ?? ''}` === redirectURI
  return method === 'GET' && isOurs && url.startsWith('/') ? (asked ?? undefined) : undefined
}

function page(response: ServerResponse, status: number, sentence: string): void {
  const text = sentence.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>Chaperone</title>
<meta name="viewport" content="width=device-width">
<style>body{font:1.2em system-ui,sans-serif;max-width:32em;margin:20vh auto;padding:0 1em}</style>
<h1>Chaperone</h1><p>${text}</p></html>
`,
    )
}

function busy(port: number, cause: NodeJS.ErrnoException): Fault {
  return new Fault('ERR_BUSY_PORT', `Cannot listen on 127.0.0.1:${port} (${cause.code ?? 'unknown error'}).`, {
    advice: 'Leave out --port to take a free one, or name another.',
  })
}
