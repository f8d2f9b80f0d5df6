import { isFields, readFields, readList, readText, type Fields, type KubeObject } from '../state/objects.ts'
import type { Store } from '../state/store.ts'
import { dataOf, podField } from './environment.ts'
import { Files, parentOf } from './files.ts'

export interface VolumeSources {
  readonly store: Pick<Store, 'get' | 'list'>
  /** A token for the service account of a pod. */
  readonly token: (pod: KubeObject) => string
}

/** The volumes of a pod by name; each is shared by the containers that mount it. */
export function volumesOf(sources: VolumeSources, pod: KubeObject): Map<string, Files> {
  const volumes = new Map<string, Files>()
  for (const volume of readList(pod, 'spec.volumes')) {
    const files = new Files()
    for (const [path, content] of Object.entries(contentOf(sources, pod, volume))) {
      files.makeFolder(parentOf(path))
      files.write(path, content)
    }
    volumes.set(readText(volume, 'name'), files)
  }
  return volumes
}

function contentOf(sources: VolumeSources, pod: KubeObject, volume: Fields): Record<string, Buffer> {
  if (isFields(volume['secret'])) return picked(sources, pod, '/secrets', readFields(volume, 'secret'))
  if (isFields(volume['configMap'])) return picked(sources, pod, '/configmaps', readFields(volume, 'configMap'))
  if (isFields(volume['downwardAPI'])) return downward(pod, readFields(volume, 'downwardAPI'))
  const parts = readList(volume, 'projected.sources').map((source): Record<string, Buffer> => {
    if (isFields(source['serviceAccountToken'])) {
      const path = readText(source, 'serviceAccountToken.path') || 'token'
      return { [`/${path}`]: Buffer.from(sources.token(pod)) }
    }
    if (isFields(source['secret'])) return picked(sources, pod, '/secrets', readFields(source, 'secret'))
    if (isFields(source['configMap'])) return picked(sources, pod, '/configmaps', readFields(source, 'configMap'))
    return downward(pod, readFields(source, 'downwardAPI'))
  })
  return Object.assign({}, ...parts) as Record<string, Buffer>
}

function picked(
  { store }: VolumeSources,
  pod: KubeObject,
  key: '/secrets' | '/configmaps',
  reference: Fields,
): Record<string, Buffer> {
  const data = dataOf(store, pod, key, reference)
  const items = readList(reference, 'items')
  const chosen = items.map((item) => [readText(item, 'path'), data[readText(item, 'key')]] as const)
  const all = items.length === 0 ? Object.entries(data) : chosen
  return Object.fromEntries(all.flatMap(([path, content]) => (content === undefined ? [] : [[`/${path}`, content]])))
}

function downward(pod: KubeObject, source: Fields): Record<string, Buffer> {
  return Object.fromEntries(
    readList(source, 'items').map((item) => {
      return [`/${readText(item, 'path')}`, Buffer.from(podField(pod, readText(item, 'fieldRef.fieldPath')))]
    }),
  )
}

/** The files of a container with what it mounts. */
export function filesOf(container: Fields, volumes: ReadonlyMap<string, Files>, pod: KubeObject): Files {
  const files = new Files()
  files.write('/etc/hostname', Buffer.from(`${pod.metadata.name}\n`))
  files.write('/etc/os-release', Buffer.from('NAME="Practice Linux"\nID=practice\n'))
  for (const mount of readList(container, 'volumeMounts')) {
    const volume = volumes.get(readText(mount, 'name'))
    const path = readText(mount, 'mountPath').replace(/\/+$/, '') || '/'
    if (volume !== undefined && path !== '/') files.mount(path, volume)
  }
  return files
}
