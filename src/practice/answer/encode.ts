import { isFields, type Fields } from '../state/objects.ts'

/** Texts of objects that were written before; stored objects never change. */
const written = new WeakMap<object, string>()

/** One line of a watch. Of an object that many watch, the text is made once. */
export function encodeEvent({ type, object }: { readonly type: string; readonly object: Fields }): string {
  return `{"type":${JSON.stringify(type)},"object":${itemText(object)}}\n`
}

/** Lists shorter than this are written at once. */
const longList = 20

/** The JSON of an answer. Items of long lists are written once and kept as long as they are stored. */
export function encodeBody(body: Fields): Buffer {
  const { items, ...rest } = body
  if (!Array.isArray(items) || items.length < longList) return Buffer.from(`${JSON.stringify(body)}\n`, 'utf8')
  const head = JSON.stringify(rest)
  const texts = items.map(itemText)
  return Buffer.from(`${head.slice(0, -1)},"items":[${texts.join(',')}]}\n`, 'utf8')
}

function itemText(item: unknown): string {
  if (!isFields(item)) return JSON.stringify(item)
  const known = written.get(item)
  if (known !== undefined) return known
  const text = JSON.stringify(item)
  written.set(item, text)
  return text
}
