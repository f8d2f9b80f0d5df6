import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** A two-way stream of bytes: a socket, or binary messages of a WebSocket. */
export interface Bytes {
  /** Resolves when there is room again. */
  write(bytes: Buffer): Promise<void>
  /** Each piece is awaited before the next is read, so that who is slow is not flooded. */
  onBytes(listener: (bytes: Buffer) => Promise<void>): void
  onClose(listener: () => void): void
  end(): void
}

/** Bytes that wait in a WebSocket before the writer waits too. */
const unsentLimitBytes = 1024 * 1024

export function socketBytes(socket: Duplex): Bytes {
  const waiting: (() => void)[] = []
  const goOn = () => waiting.splice(0).forEach((resolve) => resolve())
  socket.on('drain', goOn).once('close', goOn)
  return {
    write: (bytes) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (socket.destroyed || socket.write(bytes)) return Promise.resolve()
      waiting.push(resolve)
      return promise
    },
    onBytes: (listener) => {
      socket.on('data', (bytes: Buffer) => {
        socket.pause()
        listener(bytes).then(
          () => socket.resume(),
          () => socket.destroy(),
        )
      })
    },
    onClose: (listener) => void socket.once('close', listener),
    end: () => socket.end(),
  }
}

/** Sends one message and waits while too much is unsent. */
export async function sendMessage(socket: WebSocket, message: Buffer | string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return
  const { promise, resolve } = Promise.withResolvers<void>()
  // A connection that breaks is told by its close.
  socket.send(message, { binary: typeof message !== 'string' }, () => resolve())
  if (socket.bufferedAmount > unsentLimitBytes) await promise
}

/** Calls back with each message, one after another. */
export function onMessages(socket: WebSocket, listener: (message: Buffer) => Promise<void>): void {
  let last = Promise.resolve()
  let waiting = 0
  socket.on('message', (message: Buffer) => {
    waiting += 1
    socket.pause()
    last = last
      .then(() => listener(message))
      .then(
        () => {
          waiting -= 1
          if (waiting === 0 && socket.readyState === socket.OPEN) socket.resume()
        },
        () => socket.terminate(),
      )
  })
}

export function webSocketBytes(socket: WebSocket): Bytes {
  return {
    write: (bytes) => sendMessage(socket, bytes),
    onBytes: (listener) => onMessages(socket, listener),
    onClose: (listener) => void socket.once('close', listener),
    end: () => socket.close(1000),
  }
}
