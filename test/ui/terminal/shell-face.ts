import { onTestFinished } from 'vitest'
import type { Chrome, InputToken } from '../../../src/model/chrome.ts'
import { createChrome } from '../../../ui/terminal/chrome.tsx'
import { FakeClient, info, noon, session } from './house.ts'

/** A chrome with its broker and clock in the test's hands; time stands still unless the test moves it. */
export interface Face {
  readonly client: FakeClient
  readonly chrome: Chrome
  /** Moves the clock. */
  readonly pass: (ms: number) => void
  /** Waits until the frame says `words` somewhere. */
  readonly says: (words: string | RegExp) => Promise<void>
}

export async function face(
  options: {
    readonly cols?: number
    readonly rows?: number
    readonly color?: boolean
    readonly practice?: boolean
  } = {},
): Promise<Face> {
  let now = noon
  const client = new FakeClient()
  const chrome = await createChrome({
    client,
    session,
    info: { ...info, practice: options.practice ?? true },
    now: () => now,
    random: (bytes) => new Uint8Array(bytes).fill(7),
    leaderLabel: 'Ctrl-]',
    color: options.color ?? true,
  })
  onTestFinished(() => chrome[Symbol.asyncDispose]())
  chrome.resize(options.cols ?? 80, options.rows ?? 24)
  return {
    client,
    chrome,
    pass: (ms) => {
      now += ms
    },
    says: (words) =>
      new Promise((resolve) => {
        const seen = () => {
          const text = textOf(chrome)
          return typeof words === 'string' ? text.includes(words) : words.test(text)
        }
        if (seen()) {
          resolve()
          return
        }
        const stop = chrome.subscribe(() => {
          if (!seen()) return
          stop()
          resolve()
        })
      }),
  }
}

/** The two characters that `random` above leads to. */
export const code = 'hs'

export function textOf({ frame }: Chrome): string {
  return [...frame.drawerRows, frame.statusRow].join('\n').replace(/\u001b\[[0-9;]*m/g, '')
}

const none = new Uint8Array()

export function typed(text: string): InputToken {
  return { kind: 'text', text, bytes: none }
}

export function pasted(text: string): InputToken {
  return { kind: 'paste', text, bytes: none }
}

export function key(name: string): InputToken {
  return { kind: 'key', name, ctrl: false, alt: false, shift: false, bytes: none }
}
