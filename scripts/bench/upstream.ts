import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { issued } from '../../test/proxy/certificate.ts'

/** nginx on loopback that answers as an API server would, as fast as it can: one pod of 2 KB, lists of 20 and 40 MB. */
export interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly kubeconfig: string
}

export const podPath = '/api/v1/namespaces/shop/pods/web-1'
export const listPath = '/api/v1/pods'
/** 5,000 secrets with certificates in them. */
export const secretsPath = '/api/v1/secrets'
/** Bytes of the list. */
const listBytes = 20_000_000

/** Writes the files below `folder` and starts nginx on the processor `cpu`. */
export async function startUpstream(folder: string, cpu: string): Promise<Upstream> {
  const { key, cert, ca } = await issued()
  const port = await freePort()
  await mkdir(join(folder, 'files'), { recursive: true })
  const file = (name: string) => join(folder, 'files', name)
  await writeFile(file('key'), key, { mode: 0o600 })
  await writeFile(file('cert'), cert)
  await writeFile(file('version'), '{"major":"1","minor":"32","gitVersion":"v1.32.0"}')
  await writeFile(file('pod'), JSON.stringify(pod(1)))
  await writeFile(file('list'), list())
  await writeFile(file('secrets'), secrets())
  const place = (path: string, name: string) => `location = ${path} { alias ${file(name)}; }`
  await writeFile(
    file('nginx.conf'),
    `user ${userInfo().username}; daemon off; worker_processes 1; pid ${file('pid')}; error_log ${file('error.log')};
events { worker_connections 1024; }
http {
  access_log off; sendfile on; keepalive_requests 100000000; default_type application/json; client_body_temp_path ${file('body')};
  proxy_temp_path ${file('proxy')}; fastcgi_temp_path ${file('fastcgi')}; uwsgi_temp_path ${file('uwsgi')}; scgi_temp_path ${file('scgi')};
  server {
    listen 127.0.0.1:${port} ssl http2; ssl_certificate ${file('cert')}; ssl_certificate_key ${file('key')};
    ${place('/version', 'version')} ${place(podPath, 'pod')} ${place(listPath, 'list')} ${place(secretsPath, 'secrets')}
  }
}
`,
  )
  const child = spawn('taskset', ['-c', cpu, 'nginx', '-c', file('nginx.conf')], { stdio: 'inherit' })
  const url = `https://127.0.0.1:${port}`
  return {
    url,
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'b', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
      users: [{ name: 'b', user: { token: 'bench' } }],
      contexts: [{ name: 'b', context: { cluster: 'b', user: 'b' } }],
      'current-context': 'b',
    }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A pod of about 2 KB, as a web server's is. */
function pod(index: number): object {
  const name = `web-${index}`
  const time = '2026-11-23T06:00:00Z'
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace: 'shop',
      uid: `3f2b8c1e-7f3a-4a51-9c1d-${String(index).padStart(12, '0')}`,
      resourceVersion: String(100_000 + index),
      creationTimestamp: time,
      labels: { app: 'web', 'pod-template-hash': '5d9c7b8f6', tier: 'front', team: 'shop', release: 'stable' },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9102', note: 'x'.repeat(200) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d9c7b8f6', uid: '0', controller: true },
      ],
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'registry.example/shop/web:1.42.0',
          ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
          env: Array.from({ length: 8 }, (_, n) => ({ name: `SETTING_${n}`, value: `value-${n}` })),
          resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
          terminationMessagePath: '/dev/termination-log',
          imagePullPolicy: 'IfNotPresent',
        },
      ],
      restartPolicy: 'Always',
      nodeName: 'worker-1',
      serviceAccountName: 'web',
      schedulerName: 'default-scheduler',
    },
    status: {
      phase: 'Running',
      hostIP: '10.0.0.1',
      podIP: '10.1.0.1',
      startTime: time,
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: time,
      })),
    },
  }
}

function list(): string {
  const { kind: _kind, apiVersion: _version, ...item } = pod(1) as Record<string, unknown>
  const count = Math.floor(listBytes / JSON.stringify(item).length)
  const items = Array.from({ length: count }, (_, index) => {
    const { metadata, spec, status } = pod(index) as Record<string, unknown>
    return { metadata, spec, status }
  })
  return JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '200000' }, items })
}

function secrets(): string {
  const random = (bytes: number) => randomBytes(bytes).toString('base64')
  const items = Array.from({ length: 5000 }, (_, index) => ({
    metadata: {
      name: `db-${index}`,
      namespace: 'shop',
      uid: `5f2b8c1e-7f3a-4a51-9c1d-${String(index).padStart(12, '0')}`,
      resourceVersion: String(100_000 + index),
      creationTimestamp: '2026-11-23T06:00:00Z',
      labels: { app: 'db' },
      managedFields: [{ manager: 'kubectl-create', operation: 'Update', fieldsV1: { 'f:data': { 'f:tls.key': {} } } }],
    },
    data: { user: random(12), password: random(24), 'tls.crt': random(3000), 'tls.key': random(2400) },
    type: 'Opaque',
  }))
  return JSON.stringify({ kind: 'SecretList', apiVersion: 'v1', metadata: { resourceVersion: '200000' }, items })
}
