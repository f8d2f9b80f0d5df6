import { resources as builtIn } from './index.ts'
import { resourceKey, type Resource } from './resource.ts'

/** Everything the cluster serves at the moment: what is built in, and what custom resource definitions add. */
export class Registry {
  #custom: readonly Resource[] = []

  /** In the order of discovery. */
  get all(): readonly Resource[] {
    return [...builtIn, ...this.#custom]
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    const wanted = (one: Resource) => one.group === group && one.version === version && one.plural === plural
    return builtIn.find(wanted) ?? this.#custom.find(wanted)
  }

  /** Replaces the resources of custom resource definitions. */
  serveCustom(resources: readonly Resource[]): void {
    this.#custom = resources
  }

  /** The first version of the resource with this key of the store. */
  byKey(key: string): Resource | undefined {
    return this.all.find((one) => resourceKey(one) === key)
  }
}
