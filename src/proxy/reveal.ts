import type { UpstreamAnswer } from '../kube/port.ts'
import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue } from '../model/request.ts'
import type { Reveal } from '../request/reveal.ts'
import { stringifyJson } from '../stream/json.ts'
import type { ClientReply } from './client.ts'
import { isObject, readObject } from './object.ts'

/**
 * Answers with the one value that was asked for and what it belongs to; all else of the object stays here.
 *
 * @throws Fault ERR_NOT_FOUND when nothing is at the pointer, ERR_TARGET when it names more than one value, ERR_MASK.
 */
export async function sendRevealed(
  reply: ClientReply,
  answer: UpstreamAnswer,
  { pointer }: Reveal,
  auditID: string,
): Promise<void> {
  const object = await readObject(answer)
  const value = valueAt(object, pointer)
  const metadata = objectAt(object, 'metadata')
  const names = ['name', 'namespace', 'uid', 'resourceVersion'].flatMap((key) => {
    const text = metadata[key]
    return typeof text === 'string' ? [[key, text]] : []
  })
  const revealed = {
    kind: 'RevealedValue',
    apiVersion: 'chaperone/v1',
    metadata: Object.fromEntries(names) as JsonObject,
    pointer,
    value,
  }
  const body = Buffer.from(`${stringifyJson(revealed)}\n`)
  reply.begin(200, {
    'content-type': 'application/json',
    'content-length': body.length,
    'audit-id': auditID,
    'cache-control': 'no-store',
  })
  reply.out.end(body)
}

function valueAt(object: JsonObject, pointer: string): JsonValue {
  let value: JsonValue | undefined = object
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    value = Array.isArray(value)
      ? (value as readonly JsonValue[])[indexOf(key)]
      : isObject(value)
        ? value[key]
        : undefined
  }
  if (value === undefined) throw new Fault('ERR_NOT_FOUND', `The object has nothing at ${pointer}.`)
  if (Array.isArray(value) || isObject(value)) {
    throw new Fault('ERR_TARGET', `There is more than one value at ${pointer}.`, { advice: 'Name one of them.' })
  }
  return value
}

function indexOf(key: string): number {
  return /^(0|[1-9][0-9]{0,8})$/.test(key) ? Number(key) : -1
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  return isObject(value) ? value : {}
}
