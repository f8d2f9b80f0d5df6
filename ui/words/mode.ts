import type { Mode } from '../../src/model/session.ts'

/** The mode as the status line names it. */
export function modeLabel(mode: Mode): string {
  return mode.toUpperCase()
}

const sentences: Readonly<Record<Mode, string>> = {
  local: 'guards against accidents and records; whoever owns this machine can go around it',
  isolated: 'the cluster credentials are out of reach of this shell',
  remote: 'the broker and the cluster credentials are on another machine',
}

/** What the mode holds against, in a sentence. */
export function modeSentence(mode: Mode): string {
  return sentences[mode]
}
