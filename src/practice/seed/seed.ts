import type { Store } from '../state/store.ts'
import { seedAccess } from './access.ts'
import { seedCluster } from './cluster.ts'
import { seedConfiguration } from './configuration.ts'
import { seedCustom } from './custom.ts'
import { Planter } from './planter.ts'
import { seedSettings } from './settings.ts'
import { seedWorkloads } from './workloads.ts'

/** Fills an empty store with Brightwater Tea, a small online tea shop, as it looks at `now`. */
export function seed(store: Store, now: Date): void {
  const planter = new Planter(store, now)
  seedCluster(planter)
  seedAccess(planter)
  seedConfiguration(planter)
  seedCustom(planter)
  seedSettings(planter)
  seedWorkloads(planter)
}
