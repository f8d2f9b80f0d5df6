import { Fault } from '../model/fault.ts'
import type { InputToken } from '../model/chrome.ts'

/** The one key that is Chaperone's. */
export interface Leader {
  /** As people read it: `Ctrl-]`, `F12`. */
  readonly label: string
  readonly matches: (token: InputToken) => boolean
}

/** Control keys that programs cannot do without: Enter, Tab, Ctrl-C, Ctrl-D, Ctrl-Z, Ctrl-S, Ctrl-Q, Escape. */
const taken: ReadonlySet<string> = new Set(['m', 'j', 'i', 'c', 'd', 'z', 's', 'q', '['])

/** The key of a name as `ctrl-]`, `ctrl-space`, `ctrl-g` or `f12`. Throws ERR_USAGE for any other. */
export function parseLeader(text: string): Leader {
  const [, control = '', number = ''] = /^(?:ctrl-(space|[a-z\]\\^_])|f([1-9]|1[0-2]))$/i.exec(text.trim()) ?? []
  const name = (control === '' ? `f${number}` : control).toLowerCase()
  const isControl = control !== ''
  if ((control === '' && number === '') || (isControl && taken.has(name))) {
    throw new Fault('ERR_USAGE', `${JSON.stringify(text)} cannot be the leader key.`, {
      advice: 'Choose one like ctrl-], ctrl-\\, ctrl-g, ctrl-space or f12.',
    })
  }
  const shown = name.length === 1 ? name.toUpperCase() : `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return {
    label: isControl ? `Ctrl-${shown}` : shown,
    matches: (token) =>
      token.kind === 'key' && token.name === name && token.ctrl === isControl && !token.alt && !token.shift,
  }
}
