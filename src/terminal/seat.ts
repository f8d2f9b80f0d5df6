import { writeSync } from 'node:fs'
import { giveBackUnknown } from './restore.ts'
import type { ScreenClient } from './screen-client.ts'

/** Longest time (milliseconds) the screen may take for its last frame before the terminal is given back without. */
const leaveMs = 2_000

/** Our place at the real terminal: taken once, given back on every way out, also on exit and crash. */
export class TerminalSeat implements AsyncDisposable {
  /** Row (0-based) where the caller's shell would go on; undefined = where it was before us. */
  freshRow: number | undefined
  readonly #stdin: NodeJS.ReadStream
  readonly #stdout: NodeJS.WriteStream
  readonly #screen: ScreenClient
  readonly #parts = new DisposableStack()
  #isTaken = false
  #isSuspending = false

  constructor(stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream, screen: ScreenClient) {
    this.#stdin = stdin
    this.#stdout = stdout
    this.#screen = screen
    this.listen(process, 'exit', () => this.#giveBackNow())
    // Stopped and continued by others, the terminal is as the shell in between left it.
    this.listen(process, 'SIGCONT', () => this.enter())
  }

  /** Until disposal. */
  listen<T extends unknown[]>(target: NodeJS.EventEmitter, event: string, listener: (...args: T) => void): void {
    target.on(event, listener as (...args: unknown[]) => void)
    this.#parts.defer(() => target.off(event, listener as (...args: unknown[]) => void))
  }

  enter(): void {
    this.#stdin.setRawMode(true)
    this.#stdin.resume()
    this.#isTaken = true
    this.#screen.enter()
  }

  /** Gives the terminal back with the program's last screen on it. */
  async leave(): Promise<void> {
    if (!this.#isTaken) return
    const text = await this.#lastFrame()
    if (text === undefined) this.#giveBackNow()
    else {
      await this.#write(text)
      this.#rest()
    }
  }

  /** Leader z and SIGTSTP: what Ctrl-Z does to an ordinary program. */
  async suspend(): Promise<void> {
    if (this.#isSuspending) return
    this.#isSuspending = true
    await this.leave()
    process.kill(process.pid, 'SIGSTOP')
    this.#isSuspending = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#giveBackNow()
    this.#parts.dispose()
  }

  async #lastFrame(): Promise<string | undefined> {
    const late = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => late.resolve(undefined), leaveMs)
    try {
      return await Promise.race([this.#screen.leave(), late.promise])
    } catch {
      return undefined // The worker died: there is no last frame, and the caller goes on without.
    } finally {
      clearTimeout(timer)
    }
  }

  #write(text: string): Promise<void> {
    return new Promise((resolve) => this.#stdout.write(text, () => resolve()))
  }

  #giveBackNow(): void {
    if (!this.#isTaken) return
    const text = giveBackUnknown(this.freshRow)
    this.#rest()
    try {
      writeSync(1, text)
    } catch (failure) {
      const code = (failure as NodeJS.ErrnoException).code ?? ''
      if (!['EIO', 'EPIPE', 'EAGAIN', 'EBADF'].includes(code)) throw failure
    }
  }

  #rest(): void {
    this.#isTaken = false
    if (!this.#stdin.destroyed) this.#stdin.setRawMode(false)
    this.#stdin.pause()
  }
}
