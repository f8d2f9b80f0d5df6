import { Fault } from '../model/fault.ts'

/**
 * The name a field selector pins with an exact `metadata.name` term, or empty: RequestInfo treats such a list as a
 * request for that one name (k8s.io/apimachinery pkg/fields/selector.go, `RequiresExactMatch`).
 *
 * @throws Fault ERR_TARGET when the selector does not parse, as the API server would answer 400.
 */
export function pinnedName(selector: string | undefined): string {
  if (selector === undefined || selector === '') return ''
  const exact = splitTerms(selector)
    .filter((term) => term !== '')
    .map(parseTerm)
    .find((term) => term.field === 'metadata.name' && term.exact)
  const name = exact?.value ?? ''
  return isPathSegmentName(name) ? name : ''
}

function splitTerms(selector: string): string[] {
  return selector.match(/(?:\\[\s\S]?|[^,\\])+/g) ?? []
}

function parseTerm(term: string): { field: string; exact: boolean; value: string } {
  const [, field, operator, value] = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/.exec(term) ?? []
  if (field === undefined || value === undefined) throw unreadable()
  return { field: unescapeText(field), exact: operator !== '!=', value: unescapeText(value) }
}

function unescapeText(text: string): string {
  if (!/^(?:\\[\\,=]|[^\\,=])*$/.test(text)) throw unreadable()
  return text.replace(/\\([\\,=])/g, '$1')
}

function unreadable(): Fault {
  return new Fault('ERR_TARGET', 'The field selector does not parse.', {
    advice: 'Write it as field=value or field!=value, separated by commas.',
  })
}

function isPathSegmentName(name: string): boolean {
  return name !== '.' && name !== '..' && !/[/%]/.test(name)
}
