import type { Background } from '../model/chrome.ts'

/** What a real terminal's reply tells of its background (OSC 11); undefined for every other reply. */
export function backgroundOf(reply: string): Background | undefined {
  const [, ...parts] = /\x1b\]11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})/i.exec(reply) ?? []
  if (parts.length < 3) return undefined
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Number.parseInt(part, 16) / (16 ** part.length - 1))
  // Luma of ITU-R BT.709: what the eye takes for bright.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5 ? 'light' : 'dark'
}
