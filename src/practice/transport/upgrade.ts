import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { failure } from '../../model/status.ts'
import { channelProtocols, type ChannelProtocol } from '../../stream/channels.ts'
import type { AuditTrail } from '../access/audit.ts'
import { storedObject } from '../answer/reads.ts'
import { routeOf, type Route } from '../answer/route.ts'
import type { Cluster } from '../cluster.ts'
import type { Attachment } from '../containers/runtime.ts'
import { ApiFailure, badRequest, methodNotAllowed } from '../failure.ts'
import { socketBytes, webSocketBytes } from '../remote/bytes.ts'
import { commandOverSpdy, commandOverWebSocket, type CommandRequest } from '../remote/command.ts'
import { adoptAll, chosenContainer } from '../remote/containers.ts'
import { forwardOverSpdy, forwardOverWebSocket, type Dial } from '../remote/forward.ts'
import { readText, type KubeObject } from '../state/objects.ts'
import { admit, auditIdOf, statusOf } from './http.ts'
import { servedRequest, type ServedRequest } from './request.ts'
import { parseTarget, type Query } from './target.ts'

const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io'
const forwardProtocol = 'portforward.k8s.io'
const commandProtocols = ['v5', 'v4', 'v3', 'v2'].map((version) => `${version}.channel.k8s.io`).concat('channel.k8s.io')

/** Clients send what a person types or a file holds in pieces far smaller than this. */
const messageLimitBytes = 4 * 1024 * 1024

/** What an upgraded connection is for. */
type Purpose =
  | { readonly kind: 'command'; readonly request: CommandRequest }
  | { readonly kind: 'forward'; readonly dial: Dial; readonly ports: readonly number[] }

/** Serves exec, attach and portforward; every failure before the upgrade becomes a metav1.Status. */
export function serveUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer, cluster: Cluster): void {
  socket.on('error', () => {})
  const request = servedRequest(message)
  const trail = cluster.audit.received({
    auditId: auditIdOf(request),
    method: request.method,
    requestUri: request.url,
    sourceIp: request.address,
    userAgent: request.headers['user-agent'] ?? '',
    at: cluster.now(),
  })
  try {
    const purpose = purposeOf(request, trail, cluster)
    if (request.headers.upgrade?.toLowerCase() === 'websocket') overWebSocket(message, socket, head, purpose)
    else overSpdy(message, socket, head, purpose)
    trail.started(101)
    socket.once('close', () => trail.complete(101))
  } catch (thrown) {
    const status = statusOf(thrown)
    refuse(socket, status.code, JSON.stringify(status))
    trail.complete(status.code, status)
  }
}

function refuse(socket: Duplex, code: number, body: string, headers: readonly string[] = []): void {
  const lines = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...headers,
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function purposeOf(request: ServedRequest, trail: AuditTrail, cluster: Cluster): Purpose {
  admit(request, trail, cluster)
  const { method } = request
  const target = parseTarget(request.url)
  const route = routeOf(cluster.registry, method, target)
  const { query } = target
  if (route === undefined) throw badRequest('this path takes no upgrade')
  const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
  if (method !== (isWebSocket ? 'GET' : 'POST') && method !== 'GET') throw methodNotAllowed()
  const pod = storedObject(cluster.store, route)
  adoptAll(cluster, pod)
  if (route.subresource === 'portforward') return forwardPurpose(cluster, pod, query)
  if (route.subresource === 'exec' || route.subresource === 'attach') return commandPurpose(cluster, route, pod, query)
  throw badRequest('this path takes no upgrade')
}

function forwardPurpose({ runtime }: Cluster, pod: KubeObject, query: Query): Purpose {
  if (readText(pod, 'status.phase') !== 'Running') {
    throw new ApiFailure(500, 'InternalError', `error forwarding port: pod ${pod.metadata.name} is not running`)
  }
  const ports = query.all('ports').flatMap((text) => text.split(',').map(Number))
  return { kind: 'forward', dial: (port) => runtime.dial(pod.metadata.uid, port), ports }
}

function commandPurpose({ runtime }: Cluster, route: Route, pod: KubeObject, query: Query): Purpose {
  const { spec } = chosenContainer(pod, query.first('container'))
  const key = { podUid: pod.metadata.uid, container: readText(spec, 'name') }
  const command = query.all('command')
  if (route.subresource === 'exec' && command.length === 0)
    throw badRequest('you must specify at least 1 command for exec')
  if (!runtime.runs(key)) {
    throw new ApiFailure(
      500,
      'InternalError',
      `Internal error occurred: container not found (${JSON.stringify(key.container)})`,
    )
  }
  const flags = {
    stdin: query.flag('stdin'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    tty: query.flag('tty'),
  }
  const connect = (remote: Parameters<typeof runtime.attach>[1]): Attachment => {
    const attachment = route.subresource === 'exec' ? runtime.exec(key, command, remote) : runtime.attach(key, remote)
    return attachment ?? gone
  }
  return { kind: 'command', request: { ...flags, stderr: flags.stderr && !flags.tty, connect } }
}

/** A container that ended between the check and the connection. */
const gone: Attachment = {
  over: Promise.resolve(137),
  input: { write: () => Promise.resolve(), end: () => {}, resize: () => {} },
  stop: () => {},
}

function overWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer, purpose: Purpose): void {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim())
  const known: readonly string[] = [...channelProtocols, ...(purpose.kind === 'forward' ? [tunnelProtocol] : [])]
  const plain = offered.map((name) => (name === 'base64.channel.k8s.io' ? 'v4.base64.channel.k8s.io' : name))
  const at = plain.findIndex((name) => known.includes(name))
  const protocol = plain[at]
  if (protocol === undefined) {
    throw badRequest(`unable to upgrade: unable to negotiate protocol: client supports ${JSON.stringify(offered)}`)
  }
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: messageLimitBytes,
    perMessageDeflate: false,
    handleProtocols: () => offered[at] ?? false,
  })
  server.handleUpgrade(request, socket, head, (client: WebSocket) => {
    client.on('error', () => {})
    if (purpose.kind === 'command')
      commandOverWebSocket(client, protocol as ChannelProtocol, purpose.request).catch(() => client.terminate())
    else if (protocol === tunnelProtocol) forwardOverSpdy(webSocketBytes(client), purpose.dial)
    else
      forwardOverWebSocket(client, protocol as ChannelProtocol, purpose.ports, purpose.dial).catch(() =>
        client.terminate(),
      )
  })
}

function overSpdy(request: IncomingMessage, socket: Duplex, head: Buffer, purpose: Purpose): void {
  if (request.headers.upgrade?.toLowerCase() !== 'spdy/3.1') throw badRequest('Upgrade request required')
  const offered = (request.headersDistinct['x-stream-protocol-version'] ?? []).flatMap((text) =>
    text.split(',').map((one) => one.trim()),
  )
  if (offered.length === 0) throw badRequest('unable to upgrade: "X-Stream-Protocol-Version" header is required')
  const known =
    purpose.kind === 'forward' ? [forwardProtocol] : commandProtocols.filter((name) => name !== 'v5.channel.k8s.io')
  const protocol = offered.find((name) => known.includes(name))
  if (protocol === undefined) {
    const message = `unable to upgrade: unable to negotiate protocol: client supports ${JSON.stringify(offered)}, server accepts ${JSON.stringify(known)}`
    const accepted = known.map((name) => `X-Accepted-Stream-Protocol-Versions: ${name}`)
    refuse(socket, 403, JSON.stringify(failure(403, 'Forbidden', message)), accepted)
    return
  }
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      `X-Stream-Protocol-Version: ${protocol}`,
      '',
      '',
    ].join('\r\n'),
  )
  const bytes = socketBytes(socket)
  if (purpose.kind === 'forward') forwardOverSpdy(bytes, purpose.dial)
  else commandOverSpdy(bytes, Number(/^v(\d)/.exec(protocol)?.[1] ?? 1), purpose.request).catch(() => socket.destroy())
  if (head.length > 0) socket.unshift(head)
}
