import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe as suite, expect, test } from 'vitest'
import { Fault } from '../../../src/model/fault.ts'
import { describe } from '../../../src/request/attributes.ts'
import { decodeBody } from '../../../src/request/decode.ts'
import { parseTarget } from '../../../src/request/target.ts'

interface Vector {
  readonly command: string
  readonly target: string
  /** Base64, as kubectl 1.34 sends it. */
  readonly protobuf: string
  /** As kubectl 1.31 sends it for the same command. */
  readonly json: string
}

const folder = join(import.meta.dirname, '../../vectors/protobuf')
const vectors = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Vector)
const type = 'application/vnd.kubernetes.protobuf'

function decode(target: string, body: Uint8Array): string {
  const decoded = decodeBody('POST', type, body, describe('POST', parseTarget(target), type))
  expect(decoded.contentType).toBe('application/json')
  return new TextDecoder().decode(decoded.bytes)
}

suite('what kubectl sends in protobuf', () => {
  test.for(vectors)('$command', ({ target, protobuf, json }) => {
    expect(decode(target, Buffer.from(protobuf, 'base64'))).toBe(json)
  })

  test.for(vectors)('cut anywhere is refused, or ends where a field ends: $command', ({ target, protobuf }) => {
    const whole = Buffer.from(protobuf, 'base64')
    for (let length = 1; length < whole.length; length++) {
      let outcome: unknown
      try {
        outcome = decode(target, whole.subarray(0, length))
      } catch (thrown) {
        outcome = thrown
      }
      const tail = whole.subarray(length).toString('hex')
      if (!/^(1a00)?2200$/.test(tail)) expect(outcome, `${length}`).toBeInstanceOf(Fault)
    }
  })

  test('another place is refused', () => {
    const pod = vectors.find(({ target }) => target.includes('/configmaps?'))
    expect(() => decode('/api/v1/namespaces/default/secrets', Buffer.from(pod?.protobuf ?? '', 'base64'))).toThrow(
      expect.objectContaining({ code: 'ERR_BODY' }),
    )
  })
})
