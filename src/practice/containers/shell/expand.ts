import type { Files } from '../files.ts'
import { resolvePath } from '../files.ts'
import { arithmetic } from './arithmetic.ts'
import type { Part, Word } from './syntax.ts'

/** What words are expanded with. */
export interface Expansion {
  readonly variables: ReadonlyMap<string, string>
  readonly special: (name: string) => string | undefined
  /** Runs a script and gives its output. */
  readonly output: (script: string) => Promise<string>
  readonly files: Files
  readonly cwd: () => string
}

/** The text of a word, without splitting it (assignments, redirections). */
export async function expandText(word: Word, context: Expansion): Promise<string> {
  const texts: string[] = []
  for (const part of word) texts.push(await valueOf(part, context))
  return texts.join('')
}

/** The fields of words: expanded, split at blanks where they were not quoted, and matched with file names. */
export async function expandWords(words: readonly Word[], context: Expansion): Promise<string[]> {
  const fields: string[] = []
  for (const word of words) fields.push(...(await fieldsOf(word, context)))
  return fields
}

async function fieldsOf(word: Word, context: Expansion): Promise<string[]> {
  const fields: string[] = []
  let field = ''
  let open = false
  let pattern = false
  for (const part of word) {
    const value = await valueOf(part, context)
    if (part.kind === 'text' || part.quoted) {
      field += value
      open = true
      pattern ||= !part.quoted && /[*?]/.test(value)
      continue
    }
    const [first = '', ...more] = value.split(/[ \t\n]+/)
    field += first
    open ||= first !== ''
    for (const next of more) {
      if (open) fields.push(field)
      field = next
      open = next !== ''
    }
  }
  if (open) fields.push(...(pattern ? matching(field, context) : [field]))
  return fields
}

function valueOf(part: Part, context: Expansion): Promise<string> | string {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'command':
      return context.output(part.script)
    case 'sum':
      return String(arithmetic(part.expression, (name) => context.variables.get(name) ?? ''))
    case 'variable': {
      const length = part.name.startsWith('#') && part.name.length > 1
      const name = length ? part.name.slice(1) : part.name
      const value = context.special(name) ?? context.variables.get(name)
      if (length) return String((value ?? '').length)
      return value === undefined || value === '' ? (part.otherwise ?? value ?? '') : value
    }
  }
}

/** Files whose path has the form; the form itself when there are none. */
function matching(form: string, { files, cwd }: Expansion): string[] {
  const slash = form.lastIndexOf('/')
  const folder = slash < 0 ? '' : form.slice(0, slash + 1)
  const source = form
    .slice(slash + 1)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const names = files.list(resolvePath(cwd(), folder === '' ? '.' : folder)) ?? []
  const found = names.filter((name) => !name.startsWith('.') && new RegExp(`^${source}$`).test(name))
  return found.length === 0 ? [form] : found.map((name) => folder + name)
}
