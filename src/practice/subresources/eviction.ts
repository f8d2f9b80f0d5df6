import type { Answer, Call } from '../answer/answer.ts'
import { writeOf } from '../answer/modify.ts'
import { storedObject } from '../answer/reads.ts'
import type { Route } from '../answer/route.ts'
import { deleteObject } from '../answer/writes.ts'

/** `pods/eviction` (policy/v1 Eviction): a delete that `kubectl drain` asks for. */
export function evictionAnswer(call: Call, route: Route): Answer {
  deleteObject(storedObject(call.store, route), { foreground: false, orphan: false }, writeOf(call, route))
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  return { kind: 'json', code: 201, body }
}
