import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createApprovals } from './approval/approvals.ts'
import type { StateFolders } from './config/state.ts'
import { EventHub } from './control/events.ts'
import type { Caller } from './control/routes.ts'
import { endSession } from './control/routes.ts'
import { startControl } from './control/server.ts'
import { identifyBySession } from './identity/identify.ts'
import { reviewerFiles } from './identity/reviewer-files.ts'
import { findReviewer } from './identity/reviewers.ts'
import { bearerToken, newToken, sameHash, tokenHash } from './identity/tokens.ts'
import { openJournal } from './journal/journal.ts'
import { loadUpstream } from './kube/kubeconfig.ts'
import { makeOblige } from './mask/oblige.ts'
import { Fault } from './model/fault.ts'
import type { Subject } from './model/subject.ts'
import { builtinPolicy } from './policy/builtin.ts'
import { compilePolicy } from './policy/compile.ts'
import { loadPolicy } from './policy/parse.ts'
import { startProxy } from './proxy/listener.ts'
import type { Observe } from './proxy/stations.ts'
import { SessionRegistry } from './session/registry.ts'
import { openStore } from './store/embedded.ts'
import { openTrust } from './trust/trust.ts'

/** A broker started by a shell ends this long after nobody uses it any more. */
const idleMs = 3_000
/** Time given to running requests when the broker ends. */
const graceMs = 2_000

export interface BrokerOptions {
  readonly version: string
  readonly folders: StateFolders
  readonly operator: Subject
  readonly operatorToken: string
  readonly practice: boolean
  readonly upstream: { readonly kubeconfigPaths: readonly string[]; readonly context: string | undefined }
  readonly listen: { readonly host: string; readonly port: number }
  readonly policyFiles: readonly string[]
  readonly warn: (sentence: string) => void
}

export interface Broker {
  readonly endpoint: string
  readonly control: string
  readonly caFile: string
  readonly context: string
  readonly server: string
  /** Resolves when nobody has used the broker for a while. */
  readonly idle: Promise<string>
  close(): Promise<void>
}
