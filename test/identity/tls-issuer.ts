import { randomUUID } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { IssuerConfig } from '../../src/identity/port.ts'
import { issued } from '../proxy/certificate.ts'
import { issuerConfig } from './issuer.ts'

/** An issuer of tokens over TLS, standing in for that of a CI. */
export interface TlsIssuer extends AsyncDisposable {
  readonly url: string
  readonly caPem: string
  readonly config: IssuerConfig
  sign(claims: Record<string, unknown>): Promise<string>
}

export async function tlsIssuer(over: Partial<IssuerConfig> = {}): Promise<TlsIssuer> {
  const pem = await issued()
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }
  const server = createServer({ key: pem.key, cert: pem.cert }, (request, response) => {
    const document = request.url === '/keys' ? { keys: [key] } : { issuer: url, jwks_uri: `${url}/keys` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    caPem: pem.ca,
    config: issuerConfig({ issuer: { url, audiences: ['chaperone'], certificateAuthority: pem.ca }, ...over }),
    sign: (claims) =>
      new SignJWT({ iss: url, aud: 'chaperone', sub: 'job', jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
