import { appsMessages } from './messages/apps.ts'
import { authenticationMessages } from './messages/authentication.ts'
import { authorizationMessages } from './messages/authorization.ts'
import { autoscalingMessages } from './messages/autoscaling.ts'
import { batchMessages } from './messages/batch.ts'
import { certificatesMessages } from './messages/certificates.ts'
import { coreContainerMessages } from './messages/core-container.ts'
import { corePodStatusMessages } from './messages/core-pod-status.ts'
import { corePodMessages } from './messages/core-pod.ts'
import { coreVolumesMessages } from './messages/core-volumes.ts'
import { coreMessages } from './messages/core.ts'
import { metaMessages } from './messages/meta.ts'
import { networkingMessages } from './messages/networking.ts'
import { policyMessages } from './messages/policy.ts'
import { rbacMessages } from './messages/rbac.ts'
import { schedulingMessages } from './messages/scheduling.ts'
import { scalars } from './scalars.ts'
import { compileMessage, type Message, type MessageTables } from './table.ts'
import { wellKnown } from './well-known.ts'

const tables: readonly MessageTables[] = [
  appsMessages,
  authenticationMessages,
  authorizationMessages,
  autoscalingMessages,
  batchMessages,
  certificatesMessages,
  coreContainerMessages,
  corePodStatusMessages,
  corePodMessages,
  coreVolumesMessages,
  coreMessages,
  metaMessages,
  networkingMessages,
  policyMessages,
  rbacMessages,
  schedulingMessages,
]

/** Every message there is a table for, by name. */
export const messages: ReadonlyMap<string, Message> = compile()

function compile(): Map<string, Message> {
  const compiled = new Map<string, Message>()
  for (const [name, table] of tables.flatMap((one) => Object.entries(one))) {
    if (compiled.has(name)) throw new Error(`There are two tables for the message ${name}.`)
    compiled.set(name, compileMessage(table))
  }
  const bounded = new Set<string>()
  for (const name of compiled.keys()) assertBounded(compiled, name, [], bounded)
  return compiled
}

/** Every type is known, and no message contains itself, so that the tables bound the nesting. */
function assertBounded(all: Map<string, Message>, name: string, within: readonly string[], bounded: Set<string>): void {
  if (bounded.has(name)) return
  if (within.includes(name)) throw new Error(`The message ${name} contains itself.`)
  for (const { type } of all.get(name)?.values() ?? []) {
    if (scalars.has(type) || wellKnown.has(type)) continue
    if (!all.has(type)) throw new Error(`There is no table for the message ${type}.`)
    assertBounded(all, type, [...within, name], bounded)
  }
  bounded.add(name)
}
