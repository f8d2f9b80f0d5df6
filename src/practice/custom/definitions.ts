import type { Timers } from '../controllers/timers.ts'
import { beginRemoval } from '../state/lifecycle.ts'
import {
  read,
  readFields,
  readList,
  readText,
  readTexts,
  sameJson,
  timestamp,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import type { World } from '../controllers/world.ts'
import { isEstablished, resourcesOf } from './served.ts'

const definitionKey = 'apiextensions.k8s.io/customresourcedefinitions'

/** A definition takes a moment to be established, so that waiting for it can be seen. */
const establishMs = 50

/** Serves the resources of every established definition, and ends with a definition what it defined. */
export function watchDefinitions(world: World, timers: Timers): () => void {
  for (const definition of world.store.list(definitionKey)) establish(world, definition)
  serveAll(world)
  return world.store.subscribe(({ key, type, object }) => {
    if (key !== definitionKey) return
    if (type === 'DELETED') removeObjects(world, object)
    else if (!isEstablished(object)) {
      timers.after(establishMs, `establish ${object.metadata.uid}`, () => {
        const present = world.store.get(definitionKey, undefined, object.metadata.name)
        if (present !== undefined) establish(world, present)
      })
    }
    serveAll(world)
  })
}

function serveAll({ store, registry }: World): void {
  registry.serveCustom(store.list(definitionKey).filter(isEstablished).flatMap(resourcesOf))
}

function removeObjects({ store, now }: World, definition: KubeObject): void {
  const key = `${readText(definition, 'spec.group')}/${readText(definition, 'spec.names.plural')}`
  for (const object of store.list(key)) beginRemoval(store, key, object, now())
}

/** Accepts the names of a definition, unless another has them, and says that it is established. */
function establish(world: World, definition: KubeObject): void {
  const now = timestamp(world.now())
  const taken = conflictOf(world, definition)
  const names = readFields(definition, 'spec.names')
  const accepted = {
    kind: readText(names, 'kind'),
    listKind: readText(names, 'listKind') || `${readText(names, 'kind')}List`,
    plural: readText(names, 'plural'),
    singular: readText(names, 'singular') || readText(names, 'kind').toLowerCase(),
    ...(read(names, 'shortNames') === undefined ? {} : { shortNames: readTexts(names, 'shortNames') }),
    ...(read(names, 'categories') === undefined ? {} : { categories: readTexts(names, 'categories') }),
  }
  const condition = (type: string, holds: boolean, reason: string, message: string): Fields => {
    const before = readList(definition, 'status.conditions').find((one) => one['type'] === type)
    const status = holds ? 'True' : 'False'
    const since = before?.['status'] === status ? readText(before, 'lastTransitionTime') : now
    return { lastTransitionTime: since, message, reason, status, type }
  }
  const conditions =
    taken === undefined
      ? [
          condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found'),
          condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted'),
        ]
      : [
          condition('NamesAccepted', false, 'PluralConflict', taken),
          condition('Established', false, 'NotAccepted', 'not all names are accepted'),
        ]
  const storage = readList(definition, 'spec.versions').find((version) => version['storage'] === true)
  const before = readTexts(definition, 'status.storedVersions')
  const storedVersions = [...new Set([...before, readText(storage, 'name')])]
  const status = {
    acceptedNames: taken === undefined ? accepted : { kind: '', plural: '' },
    conditions,
    storedVersions,
  }
  if (!sameJson(definition['status'], status)) world.store.put(definitionKey, { ...definition, status })
}

function conflictOf({ store }: World, definition: KubeObject): string | undefined {
  const group = readText(definition, 'spec.group')
  const plural = readText(definition, 'spec.names.plural')
  const other = store
    .list(definitionKey)
    .find(
      (one) =>
        one.metadata.uid !== definition.metadata.uid &&
        isEstablished(one) &&
        readText(one, 'spec.group') === group &&
        readText(one, 'spec.names.kind') === readText(definition, 'spec.names.kind'),
    )
  return other === undefined ? undefined : `${JSON.stringify(plural)} is already in use`
}
