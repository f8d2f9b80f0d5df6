import type { InputToken } from '../../src/model/chrome.ts'

/** The parts of the drawer, in their order. */
export const tabs = ['held', 'activity', 'session', 'help'] as const
export type Tab = (typeof tabs)[number]

/** Everything a key can do on our screens. */
export type Action =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'next-tab'
  | 'previous-tab'
  | Tab
  | 'ten-back'
  | 'ten-on'
  | 'open'
  | 'confirm'
  | 'approve'
  | 'deny'
  | 'comment'
  | 'withdraw'
  | 'accept'
  | 'erase'
  | 'erase-all'
  | 'back'
  | 'quit'

interface Binding {
  readonly keys: readonly string[]
  /** How the keys are written on the screen. */
  readonly shown: string
  readonly words: string
}

/** The one table: what is handled is what help says. Keys are named as {@link Stroke} names them. */
export const bindings: Readonly<Record<Action, Binding>> = {
  up: { keys: ['up', 'k'], shown: '↑', words: 'up' },
  down: { keys: ['down', 'j'], shown: '↓', words: 'down' },
  'page-up': { keys: ['pageup', 'ctrl-u', 'ctrl-b'], shown: 'PgUp', words: 'page back' },
  'page-down': { keys: ['pagedown', 'ctrl-d', 'ctrl-f', ' '], shown: 'PgDn', words: 'scroll' },
  first: { keys: ['home', 'g'], shown: 'Home', words: 'to the beginning' },
  last: { keys: ['end', 'G'], shown: 'End', words: 'to the end' },
  'next-tab': { keys: ['tab', 'right', 'l'], shown: 'Tab', words: 'next part' },
  'previous-tab': { keys: ['shift-tab', 'left', 'h'], shown: '←', words: 'part before' },
  held: { keys: ['1'], shown: '1', words: 'what is held' },
  activity: { keys: ['2'], shown: '2', words: 'what was asked and decided' },
  session: { keys: ['3'], shown: '3', words: 'this session' },
  help: { keys: ['4', '?'], shown: '?', words: 'help' },
  'ten-back': { keys: ['<', ','], shown: '<', words: 'ten back in the list' },
  'ten-on': { keys: ['>', '.'], shown: '>', words: 'ten on' },
  open: { keys: ['enter'], shown: 'Enter', words: 'details' },
  confirm: { keys: ['y'], shown: 'y', words: 'confirm' },
  approve: { keys: ['a'], shown: 'a', words: 'approve' },
  deny: { keys: ['d'], shown: 'd', words: 'deny' },
  comment: { keys: ['c'], shown: 'c', words: 'say why' },
  withdraw: { keys: ['w'], shown: 'w', words: 'withdraw' },
  accept: { keys: ['enter'], shown: 'Enter', words: 'send' },
  erase: { keys: ['backspace', 'ctrl-h'], shown: 'Backspace', words: 'erase' },
  'erase-all': { keys: ['ctrl-u'], shown: 'Ctrl-U', words: 'erase all' },
  back: { keys: ['escape', 'ctrl-c'], shown: 'Esc', words: 'close' },
  quit: { keys: ['q', 'ctrl-c'], shown: 'q', words: 'quit' },
}

/** What the keys of the drawer do, a line each: from the same table that handles them. */
export function screenKeys(): readonly (readonly [keys: string, words: string])[] {
  const lines: readonly (readonly Action[])[] = [
    ['up', 'down'],
    ['page-up', 'page-down'],
    ['first', 'last'],
    ['ten-back', 'ten-on'],
    ['next-tab', 'previous-tab'],
    ...tabs.map((tab) => [tab]),
    ['open'],
    ['confirm'],
    ['comment'],
    ['withdraw'],
    ['back'],
  ]
  return lines.map((actions) => [
    actions.map((action) => bindings[action].shown).join(' '),
    actions.map((action) => bindings[action].words).join(', '),
  ])
}

/** The keys as lines of a help page: with a leader those that work anywhere, else those of the drawer. */
export function keyLines(leader?: string): string {
  const lines = leader === undefined ? screenKeys() : leaderHelp(leader)
  const cells = Math.max(...lines.map(([keys]) => keys.length)) + 2
  return lines.map(([keys, words]) => `  ${keys.padEnd(cells)}${words}`).join('\n')
}

/** What follows the leader key; the terminal itself handles these. */
export function leaderHelp(leader: string): readonly (readonly [keys: string, words: string])[] {
  return [
    [leader, 'opens and closes the drawer'],
    [`${leader} ${leader}`, `pressed quickly: sends ${leader} to the program`],
    [`${leader} z`, 'suspends the shell'],
    [`${leader} d`, 'leaves the shell running; `chaperone attach` takes it back'],
  ]
}

/**
 * One thing typed. `key` is a single key: a character, or a name such as `up` or `ctrl-c`. `text` is several characters
 * at once or a paste: data, never an order.
 */
export type Stroke = { readonly kind: 'key'; readonly key: string } | { readonly kind: 'text'; readonly text: string }

export function actionOf(stroke: Stroke, among: readonly Action[]): Action | undefined {
  if (stroke.kind !== 'key') return undefined
  return among.find((action) => bindings[action].keys.includes(stroke.key))
}

/** What a stroke adds to a text field; empty for keys that are no characters. */
export function typedText(stroke: Stroke): string {
  if (stroke.kind === 'text') return stroke.text.replaceAll(/[\r\n\t]+/g, ' ')
  return Array.from(stroke.key).length === 1 ? stroke.key : ''
}

const aliases: Readonly<Record<string, string>> = {
  return: 'enter',
  esc: 'escape',
  delete: 'backspace',
  space: ' ',
  'page-up': 'pageup',
  'page-down': 'pagedown',
}

/** A token of the shell's input as a stroke; undefined for what is no typing. */
export function strokeOf(token: InputToken): Stroke | undefined {
  switch (token.kind) {
    case 'text':
      return Array.from(token.text).length === 1 ? { kind: 'key', key: token.text } : { kind: 'text', text: token.text }
    case 'paste':
      return { kind: 'text', text: token.text }
    case 'key': {
      const lower = token.name.toLowerCase()
      const name = aliases[lower] ?? (token.name.length === 1 ? token.name : lower)
      if (token.alt) return undefined
      const shifted = token.shift && name === 'tab' ? 'shift-tab' : name
      return { kind: 'key', key: token.ctrl ? `ctrl-${lower}` : shifted }
    }
    case 'mouse':
    case 'focus':
    case 'reply':
    case 'unknown':
      return undefined
  }
}
