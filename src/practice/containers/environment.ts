import {
  isFields,
  read,
  readFields,
  readList,
  readNumber,
  readText,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import type { Store } from '../state/store.ts'

type State = Pick<Store, 'get' | 'list'>

/** What a pod refers to and the cluster does not have. */
export class MissingReference extends Error {
  override readonly name = 'MissingReference'
}

/**
 * The variables of a container: services of its namespace, `envFrom`, `env` with `$(NAME)` replaced.
 *
 * @throws MissingReference when a secret or config map, or a key of one, is not there and not optional.
 */
export function environmentOf(store: State, pod: KubeObject, container: Fields): Record<string, string> {
  const variables: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOSTNAME: pod.metadata.name,
    HOME: '/root',
    ...serviceVariables(store, pod.metadata.namespace ?? ''),
  }
  for (const source of readList(container, 'envFrom')) Object.assign(variables, variablesFrom(store, pod, source))
  for (const entry of readList(container, 'env')) {
    const value = valueOf(store, pod, container, entry)
    if (value !== undefined) variables[readText(entry, 'name')] = expanded(value, variables)
  }
  return variables
}

/** `$(NAME)` by its value; `$$` is one dollar sign (k8s.io/kubernetes third_party/forked/golang/expansion). */
export function expanded(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_][\w.-]*)\)/g, (whole, name?: string) => {
    if (name === undefined) return '$'
    return Object.hasOwn(variables, name) ? (variables[name] ?? '') : whole
  })
}

function serviceVariables(store: State, namespace: string): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const service of store.list('/services', namespace)) {
    const address = readText(service, 'spec.clusterIP')
    if (address === '' || address === 'None') continue
    const name = service.metadata.name.toUpperCase().replaceAll('-', '_')
    const [port] = readList(service, 'spec.ports')
    variables[`${name}_SERVICE_HOST`] = address
    variables[`${name}_SERVICE_PORT`] = String(readNumber(port, 'port'))
  }
  return variables
}

function variablesFrom(store: State, pod: KubeObject, source: Fields): Record<string, string> {
  const prefix = readText(source, 'prefix')
  const kind = isFields(source['secretRef']) ? 'secretRef' : 'configMapRef'
  const reference = readFields(source, kind)
  const data = dataOf(store, pod, kind === 'secretRef' ? '/secrets' : '/configmaps', reference)
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [prefix + name, value.toString('utf8')]))
}

/** The content of a secret or config map by key; nothing when it is absent and may be. */
export function dataOf(
  store: State,
  pod: KubeObject,
  key: '/secrets' | '/configmaps',
  reference: Fields,
): Record<string, Buffer> {
  const name = readText(reference, 'name') || readText(reference, 'secretName')
  const object = store.get(key, pod.metadata.namespace, name)
  if (object === undefined) {
    if (reference['optional'] === true) return {}
    throw new MissingReference(`${key === '/secrets' ? 'secret' : 'configmap'} "${name}" not found`)
  }
  const texts = Object.entries(readFields(object, 'data')).map(([field, value]) => {
    return [field, Buffer.from(String(value), key === '/secrets' ? 'base64' : 'utf8')] as const
  })
  const bytes = Object.entries(readFields(object, 'binaryData')).map(([field, value]) => {
    return [field, Buffer.from(String(value), 'base64')] as const
  })
  return Object.fromEntries([...texts, ...bytes])
}

function valueOf(store: State, pod: KubeObject, container: Fields, entry: Fields): string | undefined {
  const from = entry['valueFrom']
  if (!isFields(from)) return readText(entry, 'value')
  for (const [kind, key] of [
    ['secretKeyRef', '/secrets'],
    ['configMapKeyRef', '/configmaps'],
  ] as const) {
    const reference = from[kind]
    if (!isFields(reference)) continue
    const data = dataOf(store, pod, key, reference)
    const field = readText(reference, 'key')
    const value = data[field]
    if (value !== undefined) return value.toString('utf8')
    if (reference['optional'] === true) return undefined
    const what = `${key === '/secrets' ? 'Secret' : 'ConfigMap'} ${pod.metadata.namespace ?? ''}/${readText(reference, 'name')}`
    throw new MissingReference(`couldn't find key ${field} in ${what}`)
  }
  if (isFields(from['resourceFieldRef'])) return resourceField(container, readFields(from, 'resourceFieldRef'))
  return podField(pod, readText(from, 'fieldRef.fieldPath'))
}

function resourceField(container: Fields, reference: Fields): string {
  const [kind = '', name = ''] = readText(reference, 'resource').split('.')
  return readText(readFields(container, `resources.${kind}`), name) || '0'
}

/** A field of the pod itself (downward API). */
export function podField(pod: KubeObject, path: string): string {
  const [, map = '', key = ''] = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path) ?? []
  if (map !== '') {
    const text = readFields(pod.metadata, map)[key]
    return typeof text === 'string' ? text : ''
  }
  const value = read(pod, path)
  if (!isFields(value)) return readText({ value }, 'value')
  return Object.entries(value)
    .map(([name, text]) => `${name}=${JSON.stringify(text)}`)
    .join('\n')
}
