import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fetchDocument } from '../../src/identity/key-source.ts'
import { issued, type Pem } from '../proxy/certificate.ts'

let pem: Pem
let base: string
const server = createServer((request, response) => {
  if (request.url === '/good') response.end('{"keys":[]}')
  else if (request.url === '/away') response.writeHead(302, { location: '/good' }).end()
  else response.end('x'.repeat(5000))
})

beforeAll(async () => {
  pem = await issued()
  server.setSecureContext({ key: pem.key, cert: pem.cert })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const options = () => ({ certificateAuthority: pem.ca, maxBytes: 1000 })

it('a document comes over TLS that the given authority signed', async () => {
  await expect(fetchDocument(`${base}/good`, options())).resolves.toBe('{"keys":[]}')
  await expect(fetchDocument(`${base}/good`, { ...options(), certificateAuthority: undefined })).rejects.toThrow()
})

it('a redirect is not followed, and what is too large is not read', async () => {
  await expect(fetchDocument(`${base}/away`, options())).rejects.toThrow(/answers 302/)
  await expect(fetchDocument(`${base}/huge`, options())).rejects.toMatchObject({
    code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  })
})
