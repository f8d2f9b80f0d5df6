import { Readable } from 'node:stream'
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib'
import type { UpstreamAnswer } from '../kube/port.ts'
import { Fault } from '../model/fault.ts'

const unpackers: Readonly<Record<string, () => Gunzip | Inflate>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
}

/**
 * The answer with its content coding (RFC 9110 section 8.4.1) undone as it comes: an aggregated API server may compress
 * though it was asked not to. No more is unpacked than the client reads, so that a few bytes which stand for gigabytes cost
 * nothing.
 *
 * @throws Fault ERR_UPSTREAM_UNREACHABLE for a coding that is not known; the body's iteration for bytes that are not in it.
 */
export function unpacked(answer: UpstreamAnswer): UpstreamAnswer {
  const codings = [answer.headers['content-encoding'] ?? []].flat().join(',').toLowerCase()
  if (codings === '' || codings === 'identity') return answer
  const unpacker = unpackers[codings]
  if (unpacker === undefined) {
    throw new Fault(
      'ERR_UPSTREAM_UNREACHABLE',
      'The API server compresses its answer in a way that is not known here.',
      {
        advice: `It says ${JSON.stringify(codings.slice(0, 64))} although it was asked not to compress at all.`,
      },
    )
  }
  const { 'content-encoding': _coding, 'content-length': _length, ...headers } = answer.headers
  return { ...answer, headers, body: unpackedBody(answer.body, unpacker()) }
}

function unpackedBody(packed: UpstreamAnswer['body'], unpacker: Gunzip | Inflate): UpstreamAnswer['body'] {
  const source = Readable.from(packed, { objectMode: false })
  source.on('error', (error) => unpacker.destroy(error))
  // Who reads is told; before that, and after it left, an error that nobody listens to would end the process.
  unpacker.on('error', () => source.destroy())
  source.pipe(unpacker)
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* unpacker as AsyncIterable<Uint8Array>
      } catch (thrown) {
        if (thrown instanceof Fault) throw thrown
        throw new Fault('ERR_UPSTREAM_UNREACHABLE', 'The compressed answer of the API server cannot be unpacked.', {
          advice: 'What of it could be read was passed on, and the answer broken off.',
          cause: thrown,
        })
      }
    },
    destroy() {
      source.destroy()
      unpacker.destroy()
      packed.destroy()
    },
  }
}
