import { expect, test } from 'vitest'
import { raw } from './client.ts'
import { clientToken, inHouse } from './house.ts'

const auth = `Authorization: Bearer ${clientToken}\r\n`
const host = 'Host: x\r\n'
const end = 'Connection: close\r\n\r\n'
const inner = `GET /api/v1/secrets HTTP/1.1\r\n${host}${auth}${end}`

/** Bytes that some parser somewhere reads as more or other than one request. */
const probes: [string, string][] = [
  [
    'Content-Length beside chunked',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  ],
  [
    'two lengths that differ',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Content-Length: 2\r\nContent-Length: 0\r\n\r\n{}`,
  ],
  [
    'two lengths that are equal',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Content-Length: 2\r\nContent-Length: 2\r\n${end}{}`,
  ],
  [
    'an unknown transfer coding',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunked that is not last',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunked after gzip',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Transfer-Encoding: gzip, chunked\r\n${end}0\r\n\r\n`,
  ],
  [
    'a space before the colon',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['bare line feeds', `GET /api/v1/pods HTTP/1.1\n${host}${auth}${end}`.replaceAll('\r\n', '\n')],
  ['a folded header', `GET /api/v1/pods HTTP/1.1\r\n${host}${auth}X-A: b\r\n c\r\n${end}`],
  ['two hosts', `GET /api/v1/pods HTTP/1.1\r\n${host}Host: y\r\n${auth}${end}`],
  ['no host', `GET /api/v1/pods HTTP/1.1\r\n${auth}${end}`],
  ['two identities', `GET /api/v1/pods HTTP/1.1\r\n${host}${auth}Authorization: Bearer other\r\n${end}`],
  [
    'two content types',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Content-Type: application/json\r\nContent-Type: application/yaml\r\nContent-Length: 2\r\n${end}{}`,
  ],
  ['absolute form', `GET https://evil.example/api/v1/pods HTTP/1.1\r\n${host}${auth}${end}`],
  ['CONNECT', `CONNECT evil.example:443 HTTP/1.1\r\n${host}${auth}${end}`],
  ['HTTP/1.0', `GET /api/v1/pods HTTP/1.0\r\n${host}${auth}${end}`],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  [
    'a line feed in a chunk extension',
    `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n`,
  ],
  ['a null in a header', `GET /api/v1/pods HTTP/1.1\r\n${host}${auth}X-A: a\0b\r\n${end}`],
  ['an encoded slash', `GET /api/v1/namespaces/default/secrets%2fs1 HTTP/1.1\r\n${host}${auth}${end}`],
  ['bytes outside ASCII', `GET /api/v1/pods/\u00e9 HTTP/1.1\r\n${host}${auth}${end}`],
  ['not HTTP at all', '\x16\x03\x01 hello\r\n\r\n'],
]

test.each(probes)('%s is refused, journalled, and nothing arrives', (_name, bytes) =>
  inHouse({}, async (house) => {
    const said = await raw(house, Buffer.from(bytes, 'latin1'))
    if (said !== '') expect(said).toMatch(/^HTTP\/1\.1 [45]\d\d /)
    expect(said.match(/HTTP\/1\.1 \d/g)?.length ?? 0).toBeLessThanOrEqual(1)
    expect(house.arrived).toEqual([])
    await house.line((event) => event.annotations['chaperone/reason'] === 'malformed-request')
  }),
)

test('headers that are too long are refused with 431 and journalled', () =>
  inHouse({}, async (house) => {
    const said = await raw(house, `GET /api/v1/pods HTTP/1.1\r\n${host}${auth}X-A: ${'a'.repeat(70_000)}\r\n${end}`)
    expect(said).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large/)
    const { responseStatus, sourceIPs } = await house.line((event) => event.stage === 'ResponseComplete')
    expect(responseStatus?.code).toBe(431)
    expect(sourceIPs).toEqual(['127.0.0.1'])
  }))

test('two requests on one connection are two requests', () =>
  inHouse({}, async (house) => {
    const first = `GET /api/v1/pods HTTP/1.1\r\n${host}${auth}\r\n`
    const said = await raw(house, first + inner)
    expect(said.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
    expect(house.arrived.map(({ url }) => url)).toEqual(['/api/v1/pods', '/api/v1/secrets'])
    await house.completed(2)
  }))

test('a body that is cut short is not a request', () =>
  inHouse({}, async (house) => {
    const said = await raw(
      house,
      `POST /api/v1/pods HTTP/1.1\r\n${host}${auth}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    )
    expect(said).not.toContain('200 OK')
    await house.completed()
    expect(house.arrived).toEqual([])
  }))
