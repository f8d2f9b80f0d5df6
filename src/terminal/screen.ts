// oxlint-disable-next-line import/default -- a CommonJS package: what it exports is the default
import unicode11 from '@xterm/addon-unicode11'
import xterm from '@xterm/headless'
import type { ChromeFrame } from '../model/chrome.ts'
import type { Row } from './rows.ts'
import { Announcements } from './announcements.ts'
import { answerQuestions } from './answers.ts'
import type { TerminalColours } from './colours.ts'
import { boundCounts, MarkSweep } from './bounds.ts'
import { Looks } from './looks.ts'
import { recallKeyframe, takeKeyframe, type Keyframe } from './keyframe.ts'
import { Links } from './links.ts'
import { RowReader } from './row-reader.ts'
import { Departures, modelScrollback, pieceBytes } from './departures.ts'
import { changeModes, ordinaryModes, ProgramModes, type Modes } from './modes.ts'
import { Painter, sameCell } from './painter.ts'
import { printQuickly } from './quick-print.ts'
import type { FromScreen, Keep, Past, ScreenOptions, ToScreen } from './screen-protocol.ts'
import { takeTerminal, giveBackTerminal } from './restore.ts'
import { answerStatusStrings } from './status-strings.ts'

/**
 * Shortest time between two frames in milliseconds: no screen shows more than about 60 a second. A little less than a
 * sixtieth, for a program that draws as often would wait for a timer with each of its frames.
 */
const frameMs = 14
/** A frame that took long is followed by a pause of so many times its own time: a flood is to be parsed, not painted. */
const pausePerFrame = 4
/** Parsed output is reported in portions of so many bytes; well below what makes the sender wait. */
const reportBytes = 128 << 10
/** Longest time a program's synchronized update (DEC mode 2026) may hold back a frame. */
const synchronizedMs = 150

/** Lines of scrollback that a player's model keeps, and each of its keyframes with it. */
const playerScrollback = 200

const noChrome: ChromeFrame = { statusRow: '', drawerRows: [], focused: false, bells: 0 }

/** The model of the program's screen and the chrome, and the frames that bring them to the real terminal. */
export class Screen {
  #size: ScreenOptions
  readonly #send: (message: FromScreen) => void
  readonly #model: xterm.Terminal
  readonly #modes: ProgramModes
  readonly #departures: Departures
  readonly #marks: MarkSweep
  readonly #looks: Looks
  readonly #programReader: RowReader
  readonly #chromeReader: RowReader
  /** Parses the chrome's styled rows into cells: the drawer from the top, the status row last. */
  readonly #chromeModel: xterm.Terminal
  readonly #kept = new Map<number, Keyframe>()
  #chrome = noChrome
  #unparsedChromes = 0
  #main: Painter
  #alternate: Painter | undefined
  #outerModes: Modes = ordinaryModes
  #drawer: readonly Row[] = []
  #extras = ''
  readonly #announcements = new Announcements()
  #colours: TerminalColours | undefined
  /** Unless it is urgent, the next frame comes no sooner. */
  #nextFrame = -Infinity
  #unreported = 0
  #synchronizedSince: number | undefined
  #isDirty = false
  #isDrained = false
  #isEntered = false
  /** True while the model is brought to where its past leads. */
  #isReliving = false
  /** Messages that came meanwhile. */
  readonly #waiting: ToScreen[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: ScreenOptions, send: (message: FromScreen) => void) {
    this.#size = options
    this.#send = send
    this.#looks = new Looks(options.depth ?? 24)
    const { cols, rows, modelCols, modelRows } = options
    const shared = { allowProposedApi: true, logLevel: 'off' } as const
    this.#model = new xterm.Terminal({
      ...shared,
      cols: modelCols,
      rows: modelRows,
      scrollback: scrollback(options.purpose),
    })
    this.#chromeModel = new xterm.Terminal({ ...shared, cols, rows, scrollback: 0 })
    for (const model of [this.#model, this.#chromeModel]) {
      // Unicode 6, the default, takes emoji for narrow; real terminals have long drawn them wide.
      model.loadAddon(new unicode11.Unicode11Addon())
      model.unicode.activeVersion = '11'
    }
    printQuickly(this.#model)
    this.#modes = new ProgramModes(this.#model)
    boundCounts(this.#model)
    this.#marks = new MarkSweep(this.#model)
    const links = Links.of(this.#model)
    this.#departures = new Departures(this.#model, links)
    this.#programReader = new RowReader(this.#model, links)
    this.#chromeReader = new RowReader(this.#chromeModel)
    this.#main = new Painter(cols, rows, this.#looks)
    if (options.purpose === 'shell') this.#mirror()
  }

  handle(message: ToScreen): void {
    if (this.#isReliving) this.#waiting.push(message)
    else if (message.type === 'output') this.#output(message.bytes)
    else if (message.type === 'rest') this.#write('', () => this.#touch(message.echo))
    else if (message.type === 'chrome') this.#showChrome(message.frame)
    else if (message.type === 'resize') this.#resize(message)
    else if (message.type === 'enter') this.#enter()
    else if (message.type === 'leave') this.#model.write('', () => this.#leave())
    else if (message.type === 'recall') this.#recall(message.kept)
    else if (message.type === 'forget') for (const kept of message.kept) this.#kept.delete(kept)
    else if (message.type === 'colours') this.#colours?.learn(message.replies)
    else if (message.type === 'past') this.#relive(message.past)
    else {
      this.#isDrained = true
      this.#schedule(false)
    }
  }

  #mirror(): void {
    const reply = (data: string) => {
      if (data !== '' && !this.#isReliving) this.#send({ type: 'reply', data })
    }
    this.#model.onData(reply)
    this.#model.options.windowOptions = { pushTitle: true, popTitle: true, getWinSizeChars: true }
    this.#colours = answerQuestions(this.#model, reply)
    answerStatusStrings(this.#model, this.#modes, reply)
    const mayCopy = this.#size.clipboard ?? false
    this.#announcements.follow(this.#model, () => mayCopy && !this.#chrome.focused)
  }

  #output(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes)
      this.#write(piece, () => {
        this.#departures.count()
        this.#marks.count(piece.length)
        this.#reportParsed(piece.length)
      })
    }
  }

  #write(data: Uint8Array | string, parsed: () => void): void {
    // xterm parses at once, not in a later task, what follows a user's input.
    this.#model.input('', true)
    this.#model.write(data, parsed)
  }

  /** Piece by piece, for xterm takes no more than 50 MB that it has not parsed; what comes meanwhile waits. */
  #relive(past: readonly (Past | Keep)[], at = 0): void {
    this.#isReliving = true
    const piece = past[at]
    const bytes = piece !== undefined && 'bytes' in piece ? piece.bytes : ''
    this.#model.write(bytes, () => {
      if (piece === undefined) return this.#relived()
      if ('keep' in piece) this.#keep(piece.keep)
      else if ('cols' in piece) this.#model.resize(Math.max(2, piece.cols), Math.max(1, piece.rows))
      this.#relive(past, at + 1)
    })
  }

  #relived(): void {
    this.#departures.forget()
    this.#announcements.hush()
    this.#isReliving = false
    this.#touch(true)
    while (!this.#isReliving) {
      const message = this.#waiting.shift()
      if (message === undefined) return
      this.handle(message)
    }
  }

  #keep(kept: number): void {
    const keyframe = takeKeyframe(this.#model)
    if (keyframe !== undefined) this.#kept.set(kept, keyframe)
    this.#send({ type: 'kept', kept, isKept: keyframe !== undefined })
  }

  #recall(kept: number): void {
    this.#model.write('', () => {
      const keyframe = this.#kept.get(kept)
      if (keyframe === undefined) throw new Error(`Nothing is kept under ${kept}.`)
      recallKeyframe(this.#model, keyframe)
      this.#touch(true)
    })
  }

  #reportParsed(bytes: number): void {
    this.#unreported += bytes
    if (this.#unreported < reportBytes) return
    this.#send({ type: 'parsed', bytes: this.#unreported })
    this.#unreported = 0
  }

  #showChrome(frame: ChromeFrame): void {
    if (frame.bells > this.#chrome.bells) this.#announcements.ring()
    this.#parseChrome(frame)
  }

  /** No frame is made until the rows are parsed: rows of one chrome never stand where another one's belong. */
  #parseChrome(frame: ChromeFrame): void {
    const drawerRows = frame.drawerRows.slice(0, Math.max(0, this.#size.rows - 2))
    this.#chrome = { ...frame, drawerRows }
    this.#unparsedChromes += 1
    const rows = [...drawerRows, frame.statusRow].map((row, index) => `\x1b[${index + 1};1H\x1b[0m${row}`)
    this.#chromeModel.write(`\x1bc\x1b[?7l${rows.join('')}`, () => {
      this.#unparsedChromes -= 1
      this.#touch(true)
    })
  }

  #resize(size: Pick<ScreenOptions, 'cols' | 'rows' | 'modelCols' | 'modelRows'>): void {
    this.#model.write('', () => {
      this.#size = { ...this.#size, ...size }
      this.#model.resize(size.modelCols, size.modelRows)
      this.#departures.resized()
      this.#chromeModel.resize(size.cols, size.rows)
      this.#forgetScreen()
      this.#parseChrome(this.#chrome)
    })
  }

  #forgetScreen(): void {
    const { cols, rows } = this.#size
    this.#main = new Painter(cols, rows, this.#looks)
    this.#alternate &&= new Painter(cols, rows, this.#looks)
  }

  #enter(): void {
    this.#extras = takeTerminal(this.#size) + this.#extras
    this.#outerModes = ordinaryModes
    this.#alternate = undefined
    this.#forgetScreen()
    this.#isEntered = true
    this.#touch(true)
  }

  #leave(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isEntered = false
    const feed = this.#size.purpose === 'shell' ? this.#toMain() + this.#feed() : ''
    const text = feed + (this.#alternate === undefined ? this.#main.paint(this.#programRows()) : '')
    const end = giveBackTerminal({
      modes: this.#outerModes,
      isAlternate: this.#alternate !== undefined,
      freshRow: this.#freshRow(),
    })
    this.#alternate = undefined
    this.#send({ type: 'left', text: text + end })
  }

  #touch(isUrgent: boolean): void {
    this.#isDirty = true
    this.#schedule(isUrgent)
  }

  #schedule(isUrgent: boolean): void {
    const isReady = this.#isDrained && this.#isEntered && !this.#isReliving && this.#unparsedChromes === 0
    if (!this.#isDirty || !isReady) return
    const now = performance.now()
    const wait = Math.max(isUrgent ? 0 : this.#nextFrame - now, this.#held(now))
    if (wait <= 0) return this.#frame(now)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#schedule(false)
    }, Math.ceil(wait))
  }

  /** How much longer the program's synchronized update holds the frame, in milliseconds. */
  #held(now: number): number {
    if (!this.#model.modes.synchronizedOutputMode) this.#synchronizedSince = undefined
    else this.#synchronizedSince ??= now
    return this.#synchronizedSince === undefined ? 0 : this.#synchronizedSince + synchronizedMs - now
  }

  #frame(now: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const wanted = this.#wantedModes()
    const announced = this.#announcements.take()
    const body = this.#extras + announced.text + this.#switchScreen() + this.#feed()
    const target = this.#target()
    const drawerTop = this.#drawerTop
    const drawer = target.slice(drawerTop, drawerTop + this.#chrome.drawerRows.length)
    const drawerChanged = !sameRows(drawer, this.#drawer)
    this.#drawer = drawer
    const cells = (this.#alternate ?? this.#main).paint(target)
    const text = `\x1b[?2026h\x1b[?25l${body}${cells}${this.#cursor(wanted)}\x1b[?2026l`
    this.#outerModes = wanted
    this.#extras = ''
    this.#isDirty = false
    this.#isDrained = false
    this.#nextFrame = Math.max(now + frameMs, now + (performance.now() - now) * (1 + pausePerFrame))
    const { bracketedPasteMode: bracketedPaste } = this.#model.modes
    const { copied } = announced
    this.#send({ type: 'frame', text, drawerChanged, drawerTop, bracketedPaste, copied, freshRow: this.#freshRow() })
  }

  get #drawerTop(): number {
    return this.#size.rows - 1 - this.#chrome.drawerRows.length
  }

  #switchScreen(): string {
    const isWanted = this.#size.purpose === 'player' || this.#model.buffer.active.type === 'alternate'
    if (isWanted && this.#alternate === undefined) {
      this.#alternate = new Painter(this.#size.cols, this.#size.rows, this.#looks)
      return '\x1b[?1049h'
    }
    return isWanted ? '' : this.#toMain()
  }

  #toMain(): string {
    if (this.#alternate === undefined || this.#model.buffer.active.type === 'alternate') return ''
    this.#alternate = undefined
    return '\x1b[?1049l'
  }

  #feed(): string {
    return this.#alternate === undefined ? this.#main.scrollOut(this.#departures.take(this.#size.cols)) : ''
  }

  #programRows(): Row[] {
    const { cols, rows, modelRows, purpose } = this.#size
    const { baseY, cursorY } = this.#model.buffer.active
    const shown = Math.min(rows, Math.max(1, rows - 1))
    // Of a recording taller than the terminal, the part is shown in which something happens.
    const top = purpose === 'player' ? Math.max(0, Math.min(cursorY + 1, modelRows) - shown) : 0
    return this.#programReader.read(baseY + top, shown, cols)
  }

  #target(): Row[] {
    const program = this.#programRows()
    if (this.#size.rows < 2) return program
    const chrome = this.#chromeReader.read(0, this.#chrome.drawerRows.length + 1, this.#size.cols)
    return [...program.slice(0, this.#drawerTop), ...chrome]
  }

  /** The chrome's own needs come first while it has the keys. */
  #wantedModes(): Modes {
    const program = this.#size.purpose === 'shell' ? this.#modes.current : ordinaryModes
    const { focused, cursor } = this.#chrome
    if (focused) return { ...ordinaryModes, cursorVisible: cursor !== undefined }
    const { cursorX, cursorY } = this.#model.buffer.active
    const isCovered = cursorY >= Math.max(1, this.#drawerTop) || cursorX > this.#size.cols
    return { ...program, cursorVisible: this.#size.purpose === 'shell' && program.cursorVisible && !isCovered }
  }

  #cursor(modes: Modes): string {
    const { cursor, focused } = this.#chrome
    const { cursorX, cursorY } = this.#model.buffer.active
    const [row, col] = focused && cursor !== undefined ? [this.#drawerTop + cursor.row, cursor.col] : [cursorY, cursorX]
    const place = `\x1b[0m\x1b[${row + 1};${Math.min(col, this.#size.cols - 1) + 1}H`
    return place + changeModes({ ...this.#outerModes, cursorVisible: false }, modes)
  }

  #freshRow(): number | undefined {
    if (this.#size.purpose === 'player') return undefined
    const { cursorX, cursorY } = this.#model.buffer.normal
    return Math.min(cursorX === 0 ? cursorY : cursorY + 1, this.#size.rows - 1)
  }
}

/** A player hands no lines on: it needs only those that come back when the recorded terminal grew. */
function scrollback(purpose: ScreenOptions['purpose']): number {
  return purpose === 'player' ? playerScrollback : modelScrollback
}

function sameRows(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every((row, y) => row.every((cell, x) => sameCell(cell, b[y]?.[x])))
}
