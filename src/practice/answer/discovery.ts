import { mediaTypes } from './accept.ts'
import type { Fields } from '../state/objects.ts'
import { resources } from '../resources/index.ts'
import { groupVersion, type Resource, type Subresource } from '../resources/resource.ts'

/** A discovery answer and its media type. */
export interface DiscoveryAnswer {
  readonly contentType: string
  readonly body: Fields
}

const json = 'application/json'

/** Answers `/api`, `/apis`, `/api/v1`, `/apis/<group>` and `/apis/<group>/<version>`; undefined for other paths. */
export function discovery(path: string, accept: string): DiscoveryAnswer | undefined {
  const aggregated = aggregatedVersion(accept)
  const [root = '', group, version, ...more] = path.split('/').slice(1)
  if (more.length > 0 || (root !== 'api' && root !== 'apis')) return undefined
  if (group === undefined) {
    if (aggregated !== undefined) return aggregatedDiscovery(root, aggregated)
    return { contentType: json, body: root === 'api' ? coreVersions : groupList() }
  }
  const body = root === 'api' ? coreResources(group, version) : groupAnswer(group, version)
  return body === undefined ? undefined : { contentType: json, body }
}

const coreVersions = { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }

const groups = [...new Set(resources.map((resource) => resource.group))].filter((group) => group !== '')

function groupList(): Fields {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(apiGroup) }
}

function apiGroup(name: string): Fields {
  const version = { groupVersion: `${name}/v1`, version: 'v1' }
  return { name, versions: [version], preferredVersion: version }
}

function coreResources(version: string, more: string | undefined): Fields | undefined {
  return version === 'v1' && more === undefined ? resourceList('', 'v1') : undefined
}

function groupAnswer(group: string, version: string | undefined): Fields | undefined {
  if (!groups.includes(group)) return undefined
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) }
  return version === 'v1' ? resourceList(group, version) : undefined
}

const served = (group: string) => resources.filter((resource) => resource.group === group)

function resourceList(group: string, version: string): Fields {
  const entries = served(group).flatMap((resource) => [resourceEntry(resource), ...subresourceEntries(resource)])
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion({ group, version }),
    resources: entries,
  }
}

function resourceEntry(resource: Resource): Fields {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  }
}

function subresourceEntries({ plural, namespaced, kind, subresources }: Resource): Fields[] {
  return subresources.map((one) => ({
    name: `${plural}/${one.name}`,
    singularName: '',
    namespaced,
    ...(one.kind ?? { kind }),
    verbs: one.verbs,
  }))
}

type AggregatedVersion = 'v2' | 'v2beta1'

function aggregatedVersion(accept: string): AggregatedVersion | undefined {
  for (const { type, parameters } of mediaTypes(accept)) {
    const { g: group, v: version, as } = parameters
    if (type !== json || as !== 'APIGroupDiscoveryList' || group !== 'apidiscovery.k8s.io') continue
    if (version === 'v2' || version === 'v2beta1') return version
  }
  return undefined
}

/** KEP-3352: all groups of one root in a single answer. */
function aggregatedDiscovery(root: string, version: AggregatedVersion): DiscoveryAnswer {
  const items = (root === 'api' ? [''] : groups).map(aggregatedGroup)
  return {
    contentType: `${json};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body: { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items },
  }
}

function aggregatedGroup(group: string): Fields {
  return {
    metadata: { name: group, creationTimestamp: null },
    versions: [{ version: 'v1', freshness: 'Current', resources: served(group).map(aggregatedResource) }],
  }
}

function aggregatedResource(resource: Resource): Fields {
  const { plural, singular, namespaced, verbs, shortNames, categories, subresources } = resource
  return {
    resource: plural,
    responseKind: responseKind(resource),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0
      ? {}
      : { subresources: subresources.map((one) => aggregatedSubresource(resource, one)) }),
  }
}

const responseKind = ({ group, version, kind }: Pick<Resource, 'group' | 'version' | 'kind'>) => ({
  group,
  version,
  kind,
})

function aggregatedSubresource(resource: Resource, { name, verbs, kind }: Subresource): Fields {
  return { subresource: name, responseKind: responseKind(kind ?? resource), verbs }
}
