import type { Access } from './access/access.ts'
import type { AuditLog } from './access/audit.ts'
import type { ContainerRuntime } from './containers/runtime.ts'
import type { Registry } from './resources/registry.ts'
import type { Store } from './state/store.ts'

/** The parts of one running practice cluster. */
export interface Cluster {
  readonly store: Store
  readonly registry: Registry
  readonly runtime: ContainerRuntime
  readonly access: Access
  readonly audit: AuditLog
  /** The cluster's clock. */
  readonly now: () => Date
}
