import type { MaskPath } from '../mask/port.ts'

const segment = /\.?([A-Za-z0-9_*-]+)|\[([^[\]]+)\]/y

/**
 * `data.*`, `spec.containers[*].env[*].value`, `metadata.annotations[*token*]` as segments: a plain one is a key, one in
 * brackets may hold any characters. Undefined when the text is no path.
 */
export function parseMaskPath(text: string): MaskPath | undefined {
  if (text === '' || text.startsWith('.')) return undefined
  const segments: string[] = []
  segment.lastIndex = 0
  while (segment.lastIndex < text.length) {
    const at = segment.lastIndex
    const found = segment.exec(text)
    const afterDot = text.charAt(at) === '.' || text.charAt(at) === '['
    if (found === null || (at > 0 && !afterDot)) return undefined
    segments.push(found[1] ?? found[2] ?? '')
  }
  return segments
}
