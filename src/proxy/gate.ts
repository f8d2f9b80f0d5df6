import type { Socket } from 'node:net'
import type { Ends } from './client.ts'

/** From the connection to the first request with a known token. kubectl needs milliseconds, also over a slow line. */
const PATIENCE_MS = 10_000
/** Connections that have not said who they are. */
const MAX_STRANGERS = 1024

interface Stranger {
  readonly key: string
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
}

/**
 * Connections that have not sent a request with a known token: they go after a while, and the oldest goes when there
 * are too many, so that whoever has no token cannot keep those out who have one.
 */
export class Gate {
  readonly #strangers = new Map<string, Stranger>()
  readonly #most: number

  constructor(most = MAX_STRANGERS) {
    this.#most = most
  }

  /** Notes a connection before its TLS handshake. */
  enter(socket: Socket): void {
    const key = addressOf(socket)
    if (key === undefined) {
      socket.destroy()
      return
    }
    const [oldest] = this.#strangers.values()
    if (oldest !== undefined && this.#strangers.size >= this.#most) this.#turnAway(oldest)
    const stranger = { key, socket, timer: setTimeout(() => socket.destroy(), PATIENCE_MS) }
    this.#strangers.set(key, stranger)
    socket.once('close', () => this.#forget(stranger))
  }

  /** The caller on this connection is known; it may stay. */
  admit(ends: Ends): void {
    const key = addressOf(ends)
    const stranger = key === undefined ? undefined : this.#strangers.get(key)
    if (stranger !== undefined) this.#forget(stranger)
  }

  #turnAway(stranger: Stranger): void {
    this.#forget(stranger)
    stranger.socket.destroy()
  }

  #forget(stranger: Stranger): void {
    clearTimeout(stranger.timer)
    if (this.#strangers.get(stranger.key) === stranger) this.#strangers.delete(stranger.key)
  }
}

/** Both ends of a connection; undefined once it is closed. */
function addressOf({ localAddress, remoteAddress, remotePort }: Ends): string | undefined {
  return remotePort === undefined ? undefined : `${localAddress} ${remoteAddress} ${remotePort}`
}
