import { mediaTypes } from './accept.ts'
import type { Fields } from '../state/objects.ts'
import { groupVersion, type Resource, type Subresource } from '../resources/resource.ts'

/** A discovery answer and its media type. */
export interface DiscoveryAnswer {
  readonly contentType: string
  readonly body: Fields
}

const json = 'application/json'

/** Answers `/api`, `/apis`, `/api/v1`, `/apis/<group>` and `/apis/<group>/<version>`; undefined for other paths. */
export function discovery(resources: readonly Resource[], path: string, accept: string): DiscoveryAnswer | undefined {
  const aggregated = aggregatedVersion(accept)
  const [root = '', group, version, ...more] = path.split('/').slice(1)
  if (more.length > 0 || (root !== 'api' && root !== 'apis')) return undefined
  if (group === undefined) {
    if (aggregated !== undefined) return aggregatedDiscovery(resources, root, aggregated)
    return { contentType: json, body: root === 'api' ? coreVersions : groupList(resources) }
  }
  const body = root === 'api' ? coreResources(resources, group, version) : groupAnswer(resources, group, version)
  return body === undefined ? undefined : { contentType: json, body }
}

const coreVersions = { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }

const groupsOf = (resources: readonly Resource[]) =>
  [...new Set(resources.map((resource) => resource.group))].filter((group) => group !== '')

function groupList(resources: readonly Resource[]): Fields {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupsOf(resources).map((group) => apiGroup(resources, group)),
  }
}

/** Versions of a group, the preferred one first. */
const versionsOf = (resources: readonly Resource[], group: string) => [
  ...new Set(resources.filter((resource) => resource.group === group).map(({ version }) => version)),
]

function apiGroup(resources: readonly Resource[], name: string): Fields {
  const versions = versionsOf(resources, name).map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

function coreResources(resources: readonly Resource[], version: string, more: string | undefined): Fields | undefined {
  return version === 'v1' && more === undefined ? resourceList(resources, '', 'v1') : undefined
}

function groupAnswer(resources: readonly Resource[], group: string, version: string | undefined): Fields | undefined {
  if (!groupsOf(resources).includes(group)) return undefined
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(resources, group) }
  return versionsOf(resources, group).includes(version) ? resourceList(resources, group, version) : undefined
}

const served = (resources: readonly Resource[], group: string, version: string) =>
  resources.filter((resource) => resource.group === group && resource.version === version)

function resourceList(resources: readonly Resource[], group: string, version: string): Fields {
  const entries = served(resources, group, version).flatMap((resource) => [
    resourceEntry(resource),
    ...subresourceEntries(resource),
  ])
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
function aggregatedDiscovery(
  resources: readonly Resource[],
  root: string,
  version: AggregatedVersion,
): DiscoveryAnswer {
  const items = (root === 'api' ? [''] : groupsOf(resources)).map((group) => aggregatedGroup(resources, group))
  return {
    contentType: `${json};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body: { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items },
  }
}

function aggregatedGroup(resources: readonly Resource[], group: string): Fields {
  return {
    metadata: { name: group, creationTimestamp: null },
    versions: versionsOf(resources, group).map((version) => ({
      version,
      freshness: 'Current',
      resources: served(resources, group, version).map(aggregatedResource),
    })),
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
