import { discovery } from './discovery.ts'
import { badRequest, pathNotFound } from '../failure.ts'
import { openapi, openapiV2, openapiV2Type } from './openapi.ts'
import { routeOf } from './route.ts'
import { ok, type Answer, type Call } from './answer.ts'
import { resourceKey } from '../resources/resource.ts'
import { ServedStore } from '../state/served.ts'
import { openIdConfiguration } from '../access/tokens.ts'
import { resourceAnswer } from './resource.ts'

/** What /version says; the suffix tells everyone that this is no real cluster. */
const version = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.4+practice',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: 'chaperone/practice',
}

const healthPaths = ['/healthz', '/livez', '/readyz']

/** Answers one authenticated request; failures are thrown as ApiFailure. */
export function handle(call: Call): Answer | Promise<Answer> {
  const { path } = call.target
  if (call.method === 'GET') {
    if (path === '/version') return ok(version)
    if (healthPaths.includes(path)) return { kind: 'text', code: 200, text: 'ok' }
    if (path === '/.well-known/openid-configuration') return ok(openIdConfiguration(call.headers.host ?? ''))
    if (path === '/openid/v1/jwks') return ok(call.access.signer.keySet())
    const found = discovery(call.registry.all, path, call.accept)
    if (found !== undefined) return { kind: 'json', code: 200, ...found }
    if (path === '/openapi/v2') return { kind: 'bytes', bytes: openapiV2(), contentType: openapiV2Type }
    const document = path.startsWith('/openapi/') ? openapi(call.registry.all, path) : undefined
    if (document !== undefined) return ok(document)
  }
  if (call.headers['content-encoding'] !== undefined) {
    throw badRequest('the body of the request is encoded, and bodies of requests are read as they are')
  }
  const route = routeOf(call.registry, call.method, call.target)
  if (route === undefined) throw pathNotFound()
  const { conversion } = route.resource
  const store =
    conversion === undefined
      ? call.store
      : new ServedStore(call.stored, resourceKey(route.resource), conversion, call.now)
  return resourceAnswer({ ...call, store }, route)
}
