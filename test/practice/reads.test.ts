import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})

afterAll(() => cluster[Symbol.asyncDispose]())

test('a newcomer looks around: kubectl finds the shop, its pods and the one that crashes', async () => {
  const { stdout } = await cluster.kubectl('get', 'pods')
  expect(stdout).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE$/m)
  expect(stdout).toMatch(/^web-\w+-\w+ +1\/1 +Running +0 +2d7h$/m)
  expect(stdout).toMatch(/^loyalty-points-\w+-\w+ +0\/1 +CrashLoopBackOff +57 \(4m\d+s ago\) +4h48m$/m)
})

test('everything at once over all namespaces', async () => {
  const { stdout, code } = await cluster.kubectl('get', 'all', '-A')
  expect(code).toBe(0)
  for (const kind of [
    'pod/',
    'service/',
    'daemonset.apps/',
    'deployment.apps/',
    'statefulset.apps/',
    'cronjob.batch/',
  ]) {
    expect(stdout).toContain(` ${kind}`)
  }
})

test('the wide view has more columns', async () => {
  const { stdout } = await cluster.kubectl('get', 'deployments', 'web', '-o', 'wide')
  expect(stdout).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR$/m)
  expect(stdout).toMatch(/^web +3\/3 +3 +3 +203d +web +registry\.brightwater\.example\/web:5\.12\.1 +app=web$/m)
})

test.each([
  ['configmaps', /legacy-import +1 +198d/],
  ['secrets', /shop-tls +kubernetes\.io\/tls +2 +41d/],
  ['services', /web +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP +203d/],
  ['endpoints', /web +10\.244\.\d+\.\d+:8080,/],
  ['ingresses', /shop +nginx +shop\.brightwater\.example +203\.0\.113\.24 +80, 443 +203d/],
  ['networkpolicies', /payments-only-from-checkout +app=payments +140d/],
  ['roles', /secret-reader +\d{4}-\d\d-\d\dT/],
  ['rolebindings', /on-call-secrets +Role\/secret-reader +88d/],
  ['nodes', /tea-control-1 +Ready +control-plane +212d +v1\.32\.4/],
  ['persistentvolumes', /pv-postgres-0 +50Gi +RWO +Retain +Bound +data\/data-postgres-0 +fast-ssd/],
  ['events', /Warning +BackOff +pod\/loyalty-points-\w+-\w+ +Back-off restarting failed container/],
  ['clusterrolebindings', /platform-leads +ClusterRole\/cluster-admin +212d/],
])('kubectl prints %s as it does elsewhere', async (plural, line) => {
  const { stdout } = await cluster.kubectl('get', plural)
  expect(stdout).toMatch(line)
})

test.each([
  [
    ['pod', '-l', 'app=loyalty-points'],
    [/Reason: +CrashLoopBackOff/, /Warning +BackOff .*x1312 over 4h48m/],
  ],
  [
    ['deployment', 'web'],
    [/3 desired \| 3 updated \| 3 total \| 3 available/, /NewReplicaSet: +web-/],
  ],
  [['secret', 'newsletter-api'], [/token: +18 bytes/]],
  [
    ['node', 'tea-worker-1'],
    [/HolderIdentity: +tea-worker-1/, /Non-terminated Pods/],
  ],
  [
    ['namespace', 'shop-production'],
    [/This is a practice cluster/, /No resource quota/],
  ],
  [['ingress', 'shop'], [/web:80 \(10\.244\./]],
])('kubectl describe %j', async (args, lines) => {
  const { stdout, stderr } = await cluster.kubectl('describe', ...args)
  for (const line of lines) expect(stdout).toMatch(line)
  expect(stderr).toBe('')
})

test('it says everywhere that it is a practice cluster', async () => {
  expect((await cluster.kubectl('version')).stdout).toContain('Server Version: v1.32.4+practice')
  const info = await cluster.kubectl('get', 'cm', 'cluster-info', '-n', 'kube-system', '-o', 'jsonpath={.data.note}')
  expect(info.stdout).toMatch(/practice cluster: nothing here is real/)
  const { stdout } = await cluster.kubectl('get', 'ns', '-l', 'chaperone/practice=true', '-o', 'name')
  expect(stdout).toContain('namespace/shop-production')
})

test('credentials lie where people really leave them', async () => {
  const path = '{.metadata.annotations.kubectl\\.kubernetes\\.io/last-applied-configuration}'
  const applied = await cluster.kubectl('get', 'secret', 'newsletter-api', '-o', `jsonpath=${path}`)
  expect(applied.stdout).toContain('"stringData":{"token":"hunter2-newsletter"}')
  const map = await cluster.kubectl('get', 'cm', 'legacy-import', '-o', 'yaml')
  expect(map.stdout).toContain('password=earl-grey-1907')
})

test('selectors choose, unknown field labels are refused', async () => {
  const running = await cluster.kubectl('get', 'pods', '--field-selector', 'status.phase!=Running', '-A', '-o', 'name')
  expect(running.stdout).toMatch(/^pod\/postgres-backup-\S+\n$/)
  const several = await cluster.kubectl('get', 'deploy', '-l', 'app in (web,search),team', '-o', 'name')
  expect(several.stdout).toBe('deployment.apps/search\ndeployment.apps/web\n')
  const unknown = await cluster.kubectl('get', 'secrets', '--field-selector', 'data.password=x')
  expect(unknown.stderr).toContain('field label not supported: data.password')
})

test('long lists come in pages', async () => {
  const { stdout } = await cluster.kubectl('get', 'secrets', '-A', '--chunk-size=2', '-o', 'name')
  const whole = await cluster.kubectl('get', 'secrets', '-A', '--chunk-size=0', '-o', 'name')
  expect(stdout).toBe(whole.stdout)
  expect(stdout.split('\n').length).toBeGreaterThan(8)
})

test('logs are believable, can be cut and followed', async () => {
  const { stdout } = await cluster.kubectl('logs', 'deploy/checkout', '--tail=2', '--timestamps')
  expect(stdout).toMatch(/^(\d{4}-\d\d-\d\dT[\d:.]+Z level=info app=checkout .+\n){2}$/)
  const crash = await cluster.kubectl('logs', 'deploy/loyalty-points')
  expect(crash.stdout).toContain('password authentication failed')
  const followed: string[] = []
  for await (const line of cluster.lines('logs', 'deploy/web', '--follow', '--tail=1')) {
    followed.push(line)
    if (followed.length === 2) break
  }
  expect(followed).toHaveLength(2)
})

test('the client certificate context works as well', async () => {
  const { stdout } = await cluster.kubectl(
    '--context=practice-cert',
    'auth',
    'whoami',
    '-o',
    'jsonpath={.status.userInfo.username}',
  )
  expect(stdout).toBe('practice-cert')
  expect((await cluster.kubectl('auth', 'can-i', 'delete', 'pods')).stdout).toBe('yes\n')
})

test('kubectl explain and api-resources know the resources', async () => {
  expect((await cluster.kubectl('explain', 'deployment.spec')).stdout).toContain('How the deployment should be.')
  const { stdout } = await cluster.kubectl('api-resources', '--namespaced=true', '-o', 'name')
  expect(stdout.split('\n')).toContain('networkpolicies.networking.k8s.io')
})

test('what is not there is not found', async () => {
  const { stderr, code } = await cluster.kubectl('get', 'secret', 'nothing')
  expect(stderr).toBe('Error from server (NotFound): secrets "nothing" not found\n')
  expect(code).toBe(1)
})
