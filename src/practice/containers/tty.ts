import { Pipe, type Sink } from './pipe.ts'

/** A terminal between a person and a program, as the kernel plays it: it echoes, edits lines and turns keys to signals. */
export class Tty {
  /** What the program reads. */
  readonly input = new Pipe()
  columns = 80
  rows = 24
  readonly #screen: Sink
  readonly #interrupt: () => void
  #line: number[] = []

  constructor(screen: Sink, interrupt: () => void) {
    this.#screen = screen
    this.#interrupt = interrupt
  }

  /** What the program writes: line ends become carriage return and line end. */
  readonly output: Sink = {
    write: (bytes) =>
      this.#screen.write(Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\n', '\r\n'), 'latin1')),
  }

  /** Keys of the person. */
  async type(bytes: Buffer): Promise<void> {
    for (const byte of bytes) await this.#key(byte)
  }

  resize({ columns, rows }: { readonly columns: number; readonly rows: number }): void {
    this.columns = columns
    this.rows = rows
  }

  async #key(byte: number): Promise<void> {
    switch (byte) {
      case 0x03:
        this.#line = []
        await this.#screen.write('^C\r\n')
        this.#interrupt()
        return
      case 0x04:
        if (this.#line.length === 0) this.input.end()
        else await this.#send('')
        return
      case 0x08:
      case 0x7f:
        if (this.#line.length === 0) return
        while (((this.#line.at(-1) ?? 0) & 0xc0) === 0x80) this.#line.pop()
        this.#line.pop()
        await this.#screen.write('\b \b')
        return
      case 0x15:
        await this.#screen.write('\b \b'.repeat(this.#line.length))
        this.#line = []
        return
      case 0x0a:
      case 0x0d:
        await this.#screen.write('\r\n')
        await this.#send('\n')
        return
      default:
        this.#line.push(byte)
        await this.#screen.write(byte < 0x20 ? `^${String.fromCharCode(byte + 0x40)}` : Buffer.of(byte))
    }
  }

  async #send(end: string): Promise<void> {
    const line = Buffer.concat([Buffer.from(this.#line), Buffer.from(end)])
    this.#line = []
    await this.input.write(line)
  }
}
