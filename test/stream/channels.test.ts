import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  channel,
  ChannelError,
  channelProtocols,
  decodeChannel,
  encodeChannel,
  exitStatus,
  parseResize,
} from '../../src/stream/channels.ts'

const bytesOf = (message: Buffer | string) => Buffer.from(message)

test('what is written to a channel is read from it, in every version', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...channelProtocols),
      fc.integer({ min: 0, max: 4 }),
      fc.uint8Array({ maxLength: 200 }),
      (protocol, to, bytes) => {
        const data = Buffer.from(bytes)
        const message = decodeChannel(protocol, bytesOf(encodeChannel(protocol, to, data)))
        expect(message).toEqual({ type: 'data', channel: to, data })
      },
    ),
  )
})

test('version 5 ends one channel; the others know no such message', () => {
  const message = Buffer.of(channel.close, channel.stdin)
  expect(decodeChannel('v5.channel.k8s.io', message)).toEqual({ type: 'close', channel: 0 })
  expect(() => decodeChannel('v4.channel.k8s.io', message)).toThrow(ChannelError)
})

test('an empty message says nothing, and whatever else comes is a message or a ChannelError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...channelProtocols), fc.uint8Array({ maxLength: 40 }), (protocol, bytes) => {
      try {
        expect(decodeChannel(protocol, bytes) === undefined).toBe(bytes.length === 0)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ChannelError)
      }
    }),
  )
})

test('sizes are read as kubectl sends them, and nothing else is taken for one', () => {
  expect(parseResize(Buffer.from('{"Width":80,"Height":24}'))).toEqual({ columns: 80, rows: 24 })
  for (const text of [
    '',
    '{}',
    'null',
    '{"Width":-1,"Height":2}',
    '{"Width":1e9,"Height":2}',
    '{"Width":"8","Height":2}',
  ]) {
    expect(parseResize(Buffer.from(text))).toBeUndefined()
  }
})

test('the end of a command is a Status with its exit code', () => {
  expect(JSON.parse(exitStatus(0))).toEqual({ metadata: {}, status: 'Success' })
  expect(JSON.parse(exitStatus(7))).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  })
})
