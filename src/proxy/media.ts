/** Forms of an object that the API server makes on request (k8s.io/apiserver pkg/endpoints/handlers/response.go). */
const forms: ReadonlySet<string> = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])
const token = /^[A-Za-z0-9.-]+$/
/** Ranges that a client satisfied with JSON may send instead of naming it. */
const wildcards: ReadonlySet<string> = new Set(['*/*', 'application/*'])

/**
 * The Accept header for a resource request: only JSON and its server-side forms, rebuilt, since other encodings cannot
 * be masked. Undefined when the client takes no JSON at all.
 */
export function acceptJson(accept: string | undefined): string | undefined {
  if (accept === undefined || accept.trim() === '') return 'application/json'
  const ranges = accept.split(',').map(parseRange)
  const json = ranges.flatMap((range) => (range.type === 'application/json' ? jsonRange(range.parameters) : []))
  if (json.length > 0) return json.join(',')
  return ranges.some((range) => wildcards.has(range.type) && range.parameters.get('q') !== '0')
    ? 'application/json'
    : undefined
}

interface MediaRange {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

function parseRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim())
  const parameters = rest.map((part): [string, string] => {
    const at = part.indexOf('=')
    return at === -1 ? [part.toLowerCase(), ''] : [part.slice(0, at).toLowerCase(), part.slice(at + 1)]
  })
  return { type: type.toLowerCase(), parameters: new Map(parameters) }
}

/** One rebuilt range, or none when it asks for a form that is not known. */
function jsonRange(parameters: ReadonlyMap<string, string>): string[] {
  if (Number(parameters.get('q') ?? '1') === 0) return []
  const form = parameters.get('as')
  if (form === undefined) return parameters.has('g') || parameters.has('v') ? [] : ['application/json']
  const group = parameters.get('g') ?? ''
  const version = parameters.get('v') ?? ''
  if (!forms.has(form) || !token.test(group) || !token.test(version)) return []
  return [`application/json;as=${form};v=${version};g=${group}`]
}
