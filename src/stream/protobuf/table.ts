/**
 * Messages by name; each field of a message, by its JSON name in the order of the Go struct, is a text of number, marks,
 * a space and a type. Types are `string`, `bool`, `int32`, `int64`, `bytes` or the name of a message; `T[]` is a list
 * and `{T}` a map with text keys. Marks tell how Go writes JSON: `?` = a pointer, written when present, even when zero;
 * `!` = without `omitempty`, written even when absent; `...` before the type = its fields stand in the object itself.
 */
export type MessageTables = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface Field {
  readonly name: string
  readonly number: number
  readonly type: string
  readonly shape: 'one' | 'list' | 'map' | 'inline'
  readonly pointer: boolean
  readonly always: boolean
}

export type Message = ReadonlyMap<number, Field>

const fieldGrammar = /^(\d+)(\??)(!?) (?:(\w+)|(\w+)\[\]|\{(\w+)\}|\.\.\.(\w+))$/

/** The fields of a message by number. Throws an Error when the table itself is wrong. */
export function compileMessage(table: Readonly<Record<string, string>>): Message {
  const fields = new Map<number, Field>()
  for (const [name, text] of Object.entries(table)) {
    const parts = fieldGrammar.exec(text)
    if (parts === null) throw new Error(`The field table is wrong at ${name}: ${text}`)
    const [, digits, pointer, always, one, list, map, inline] = parts
    const number = Number(digits)
    if (fields.has(number)) throw new Error(`The field table has number ${number} twice.`)
    const shape = list !== undefined ? 'list' : map !== undefined ? 'map' : inline !== undefined ? 'inline' : 'one'
    const type = one ?? list ?? map ?? inline ?? ''
    fields.set(number, { name, number, type, shape, pointer: pointer === '?', always: always === '!' })
  }
  return fields
}
