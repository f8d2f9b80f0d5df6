import type { RequestAttributes, ResourceRequest } from '../model/request.ts'
import { revealSubresource } from './reveal.ts'
import type { RequestTarget } from './target.ts'

type Query = RequestTarget['query']

/** Control characters, line separators and marks that change the direction of text. */
const invisible = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

/**
 * The kubectl command that would do what this request does, for people to read; derived from the wire alone. Words
 * that a shell would take apart are quoted, control characters are shown escaped. `bodyName` is metadata.name of the
 * body, since the target of a create holds no name.
 */
export function equivalentCommand(request: RequestAttributes, query: Query, bodyName = ''): string {
  const words =
    request.kind === 'resource' ? resourceWords(named(request, bodyName), query) : rawWords(request.verb, request.path)
  return ['kubectl', ...words].map(quote).join(' ')
}

function rawWords(verb: string, path: string): string[] {
  const kubectlVerb = { get: 'get', post: 'create', put: 'replace', delete: 'delete' }[verb]
  return kubectlVerb === undefined ? [`<${verb}>`, '--raw', path] : [kubectlVerb, '--raw', path]
}

function named(request: ResourceRequest, bodyName: string): ResourceRequest {
  return request.verb === 'create' && request.name === '' ? { ...request, name: bodyName } : request
}

function resourceWords(request: ResourceRequest, query: Query): string[] {
  return [
    ...subresourceWords(request, query),
    ...(request.subresource === revealSubresource ? [] : namespaceWords(request)),
    ...selectorWords(request),
    ...(request.dryRun ? ['--dry-run=server'] : []),
    ...(request.subresource === 'exec' ? ['--', ...values(query, 'command')] : []),
  ]
}

function subresourceWords(request: ResourceRequest, query: Query): string[] {
  const { subresource, name } = request
  const object = typed(request)
  const commands: Readonly<Record<string, () => string[]>> = {
    exec: () => ['exec', object, ...containerWords(query)],
    attach: () => ['attach', object, ...containerWords(query)],
    portforward: () => ['port-forward', object, ...values(query, 'ports')],
    log: () => ['logs', object, ...containerWords(query), ...(values(query, 'follow')[0] === 'true' ? ['-f'] : [])],
    eviction: () => ['evict', object],
    token: () => ['create', 'token', name],
    ephemeralcontainers: () => ['debug', object],
    [revealSubresource]: () => ['get', '--raw', `${request.path}?pointer=${values(query, 'pointer')[0] ?? ''}`],
  }
  const special = request.verb === 'get' && subresource === 'ephemeralcontainers' ? undefined : commands[subresource]
  if (special !== undefined && request.resource !== '') return special()
  if (subresource === 'scale' && request.verb !== 'get') return ['scale', object]
  const verb = verbWords(request, query)
  return subresource === '' ? verb : [...verb, `--subresource=${subresource}`]
}

function verbWords(request: ResourceRequest, query: Query): string[] {
  const kind = kindWord(request)
  const object = request.name === '' ? [kind] : [kind, request.name]
  const forceConflicts = values(query, 'force')[0] === 'true' ? ['--force-conflicts'] : []
  switch (request.verb) {
    case 'get':
    case 'list':
      return ['get', ...object]
    case 'watch':
      return ['get', ...object, '--watch']
    case 'update':
      return ['replace', ...object]
    case 'patch':
      return request.effects.includes('create')
        ? ['apply', '--server-side', ...forceConflicts, ...object]
        : ['patch', ...object]
    case 'deletecollection':
      return request.labelSelector === '' && request.fieldSelector === '' ? ['delete', kind, '--all'] : ['delete', kind]
    case 'create':
    case 'delete':
    case 'proxy':
      return [request.verb, ...object]
    default:
      return ['<unknown verb>', ...object]
  }
}

function namespaceWords(request: ResourceRequest): string[] {
  if (request.namespace !== '' && request.resource !== 'namespaces') return ['-n', request.namespace]
  return []
}

function selectorWords(request: ResourceRequest): string[] {
  return [
    ...(request.labelSelector === '' ? [] : ['-l', request.labelSelector]),
    ...(request.fieldSelector === '' || request.name !== '' ? [] : ['--field-selector', request.fieldSelector]),
  ]
}

function containerWords(query: Query): string[] {
  const container = values(query, 'container')[0] ?? ''
  return container === '' ? [] : ['-c', container]
}

/** `namespace`, `pod`, but `deployments.apps`: singular only where English is regular and the group is the core one. */
function kindWord(request: ResourceRequest): string {
  if (request.apiGroup !== '') return `${request.resource}.${request.apiGroup}`
  const isOne = request.name !== '' || request.verb === 'create'
  return isOne ? singular(request.resource) : request.resource
}

function typed(request: ResourceRequest): string {
  return request.apiGroup === '' && request.resource === 'pods' ? request.name : `${kindWord(request)}/${request.name}`
}

function singular(plural: string): string {
  return plural === 'endpoints' || !plural.endsWith('s') ? plural : plural.slice(0, -1)
}

function values(query: Query, key: string): string[] {
  return query.filter(([name]) => name === key).map(([, value]) => value)
}

export function quote(word: string): string {
  if (/^[A-Za-z0-9_\-./:=,@+]+$/.test(word)) return word
  if (!invisible.test(word)) {
    return `'${word.replaceAll("'", `'\\''`)}'`
  }
  const escaped = Array.from(word, (char) => {
    if (char === "'" || char === '\\') return `\\${char}`
    if (!invisible.test(char)) return char
    if (char === '\n') return '\\n'
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `$'${escaped.join('')}'`
}
