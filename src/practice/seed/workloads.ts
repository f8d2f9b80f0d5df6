import { reconcileService } from '../controllers/endpoints.ts'
import { deploymentStatus } from '../controllers/deployment.ts'
import { crashLooping, running, succeeded } from '../controllers/podstatus.ts'
import { daemonStatus, podOn } from '../controllers/daemonset.ts'
import { replicaStatus } from '../controllers/replicas.ts'
import { revisedPod, statefulStatus } from '../controllers/statefulset.ts'
import { podOf, replicaSetOf } from '../controllers/workload.ts'
import { eventAbout, type Note } from '../controllers/world.ts'
import { timestamp, type Fields, type KubeObject } from '../state/objects.ts'
import { cronJobs, jobs } from '../resources/batch.ts'
import { ingresses, networkPolicies } from '../resources/networking.ts'
import { services } from '../resources/services.ts'
import { daemonSets, deployments, statefulSets } from '../resources/workloads.ts'
import type { Planter } from './planter.ts'

interface App {
  readonly name: string
  readonly namespace: string
  readonly image: string
  readonly replicas: number
  readonly days: number
  /** Age of the running pods in days. */
  readonly podDays: number
  readonly env?: readonly Fields[]
  readonly annotations?: Record<string, string>
  readonly crashes?: boolean
}
const fromSecret = (name: string, secret: string, key: string): Fields => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
})

const registry = 'registry.brightwater.example'
const shop = 'shop-production'

const apps: readonly App[] = [
  { name: 'web', namespace: shop, image: `${registry}/web:5.12.1`, replicas: 3, days: 203, podDays: 2.3 },
  {
    name: 'checkout',
    namespace: shop,
    image: `${registry}/checkout:3.4.0`,
    replicas: 2,
    days: 203,
    podDays: 6.1,
    env: [fromSecret('DATABASE_URL', 'db-credentials', 'url'), { name: 'CURRENCY', value: 'EUR' }],
  },
  {
    name: 'payments',
    namespace: shop,
    image: `${registry}/payments:2.9.3`,
    replicas: 2,
    days: 140,
    podDays: 6.1,
    env: [fromSecret('PROVIDER_KEY', 'payment-provider', 'api-key')],
    annotations: { 'brightwater.example/alert-api-key': 'ak-3f9c2e7d51b84a06' },
  },
  { name: 'search', namespace: shop, image: `${registry}/search:1.20.4`, replicas: 1, days: 155, podDays: 19 },
  {
    name: 'loyalty-points',
    namespace: shop,
    image: `${registry}/loyalty-points:2.3.0`,
    replicas: 1,
    days: 9,
    podDays: 0.2,
    crashes: true,
  },
  { name: 'web', namespace: 'shop-staging', image: `${registry}/web:5.13.0-rc2`, replicas: 1, days: 203, podDays: 0.6 },
  {
    name: 'checkout',
    namespace: 'shop-staging',
    image: `${registry}/checkout:3.5.0-rc1`,
    replicas: 1,
    days: 203,
    podDays: 1.4,
  },
  { name: 'grafana', namespace: 'monitoring', image: 'grafana/grafana:12.1.0', replicas: 1, days: 180, podDays: 31 },
  { name: 'prometheus', namespace: 'monitoring', image: 'prom/prometheus:v3.5.0', replicas: 1, days: 180, podDays: 31 },
  {
    name: 'coredns',
    namespace: 'kube-system',
    image: 'registry.k8s.io/coredns/coredns:v1.12.1',
    replicas: 2,
    days: 212,
    podDays: 96,
  },
]

/** Deployments, stateful sets, jobs and what leads to them. */
export function seedWorkloads(planter: Planter): void {
  for (const app of apps) seedApp(planter, app)
  seedPostgres(planter)
  seedNodeExporter(planter)
  seedBackups(planter)
  seedEdges(planter)
  const { store, now } = planter
  for (const service of store.list('/services')) reconcileService({ store, now: () => now }, service)
}

function templateOf({ name, image, env = [] }: App): Fields {
  const container = {
    name,
    image,
    ports: [{ name: 'http', containerPort: 8080 }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    ...(env.length === 0 ? {} : { env }),
  }
  return { metadata: { labels: { app: name } }, spec: { containers: [container] } }
}

function seedApp(planter: Planter, app: App): void {
  const { name, namespace, replicas, days, podDays } = app
  const labels = { app: name, team: namespace.startsWith('shop') ? 'shop' : 'platform' }
  const annotations = { 'deployment.kubernetes.io/revision': '1', ...app.annotations }
  const spec = { replicas, selector: { matchLabels: { app: name } }, template: templateOf(app) }
  const deployment = planter.plant(deployments, { name, namespace, days, labels, annotations }, { spec })
  const set = planter.store.put('apps/replicasets', replicaSetOf(deployment, replicas, 1, planter.ago(podDays)))
  const pods = Array.from({ length: replicas }, () => seedPod(planter, set, podDays, app.crashes ?? false))
  const counted = planter.store.put('apps/replicasets', { ...set, status: replicaStatus(set, pods) })
  const status = deploymentStatus(deployment, [counted], counted.metadata.name, planter.ago(podDays))
  planter.store.put('apps/deployments', { ...deployment, status })
  seedService(planter, name, namespace, days)
}

function seedPod(planter: Planter, owner: KubeObject, days: number, crashes: boolean): KubeObject {
  const start = planter.ago(days)
  const pod = podOf(owner, start)
  if (!crashes) return planter.store.put('/pods', running(pod, start))
  const crashed = planter.store.put('/pods', crashLooping(pod, start, planter.ago(0.003), 57))
  tell(planter, crashed, {
    type: 'Warning',
    reason: 'BackOff',
    message: `Back-off restarting failed container in pod ${crashed.metadata.name}`,
    component: 'kubelet',
    count: 1312,
    first: start,
    last: planter.ago(0.001),
  })
  tell(planter, crashed, {
    type: 'Normal',
    reason: 'Pulled',
    message: `Container image "${registry}/loyalty-points:2.3.0" already present on machine`,
    component: 'kubelet',
    count: 57,
    first: start,
    last: planter.ago(0.003),
  })
  return crashed
}

function tell(planter: Planter, about: KubeObject, note: Note): void {
  planter.store.put('/events', eventAbout(about, note, planter.now))
}

function seedService(planter: Planter, name: string, namespace: string, days: number): void {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
  const service = { spec: { selector: { app: name }, ports } }
  planter.plant(services, { name, namespace, days, labels: { app: name } }, service)
}

function seedPostgres(planter: Planter): void {
  const labels = { app: 'postgres' }
  const container = {
    name: 'postgres',
    image: 'postgres:17.6',
    ports: [{ name: 'postgres', containerPort: 5432 }],
    env: [fromSecret('POSTGRES_PASSWORD', 'postgres-superuser', 'password')],
    volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
  }
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data-postgres-0' } }]
  const template = { metadata: { labels }, spec: { containers: [container], volumes } }
  const spec = { replicas: 1, serviceName: 'postgres', selector: { matchLabels: labels }, template }
  const set = planter.plant(statefulSets, { name: 'postgres', namespace: 'data', days: 203, labels }, { spec })
  const start = planter.ago(44)
  const pod = planter.store.put('/pods', running(revisedPod(set, start, 'postgres-0'), start))
  planter.store.put('apps/statefulsets', { ...set, status: statefulStatus(set, [pod]) })
  const ports = [{ name: 'postgres', port: 5432 }]
  planter.plant(
    services,
    { name: 'postgres', namespace: 'data', days: 203, labels },
    {
      spec: { clusterIP: 'None', selector: labels, ports },
    },
  )
}

function seedNodeExporter(planter: Planter): void {
  const labels = { app: 'node-exporter' }
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'node-exporter', image: 'prom/node-exporter:v1.9.1' }] },
  }
  const spec = { selector: { matchLabels: labels }, template }
  const given = { name: 'node-exporter', namespace: 'monitoring', days: 180, labels }
  const set = planter.plant(daemonSets, given, { spec })
  const start = planter.ago(96)
  const names = ['tea-control-1', 'tea-worker-1', 'tea-worker-2']
  const pods = names.map((node) => planter.store.put('/pods', running(podOn(set, node, start), start)))
  planter.store.put('apps/daemonsets', { ...set, status: daemonStatus(set, pods, names.length) })
}

function seedBackups(planter: Planter): void {
  const container = { name: 'backup', image: `${registry}/pg-backup:1.4.2`, args: ['--all', '--compress'] }
  const template = { spec: { restartPolicy: 'OnFailure', serviceAccountName: 'backup', containers: [container] } }
  const last = planter.ago(0.4)
  const cron = planter.plant(
    cronJobs,
    { name: 'postgres-backup', namespace: 'data', days: 150 },
    {
      spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } } },
      status: { lastScheduleTime: timestamp(last), lastSuccessfulTime: timestamp(last) },
    },
  )
  const job = planter.plant(
    jobs,
    { name: 'postgres-backup-29389620', namespace: 'data', days: 0.4 },
    { spec: { template } },
  )
  const end = new Date(last.getTime() + 48_000)
  const done = { type: 'Complete', status: 'True', lastProbeTime: timestamp(end), lastTransitionTime: timestamp(end) }
  const status = {
    startTime: timestamp(last),
    completionTime: timestamp(end),
    succeeded: 1,
    ready: 0,
    conditions: [done],
  }
  const { apiVersion, kind, metadata: owner } = cron
  const ownerReferences = [{ apiVersion, kind, name: owner.name, uid: owner.uid, controller: true }]
  const metadata = { ...job.metadata, ownerReferences }
  const stored = planter.store.put('batch/jobs', { ...job, metadata, status })
  planter.store.put('/pods', succeeded(podOf(stored, last), last, end))
}

function seedEdges(planter: Planter): void {
  const backend = (name: string): Fields => ({ service: { name, port: { number: 80 } } })
  const path = (route: string, name: string): Fields => ({ path: route, pathType: 'Prefix', backend: backend(name) })
  const host = 'shop.brightwater.example'
  planter.plant(
    ingresses,
    { name: 'shop', namespace: shop, days: 203 },
    {
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: [host], secretName: 'shop-tls' }],
        rules: [{ host, http: { paths: [path('/', 'web'), path('/checkout', 'checkout')] } }],
      },
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.24' }] } },
    },
  )
  planter.plant(
    networkPolicies,
    { name: 'payments-only-from-checkout', namespace: shop, days: 140 },
    {
      spec: {
        podSelector: { matchLabels: { app: 'payments' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'checkout' } } }] }],
      },
    },
  )
}
