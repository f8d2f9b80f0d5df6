import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster()
})

afterAll(() => cluster[Symbol.asyncDispose]())

const wanted = (...args: string[]) => cluster.kubectlIn('', args)

test('a deployment comes up, scales, rolls, is undone and goes', async () => {
  await wanted('create', 'deployment', 'blender', '--image=blender:1', '--replicas=2')
  expect(await wanted('rollout', 'status', 'deploy/blender', '--timeout=20s')).toContain('successfully rolled out')
  await wanted('scale', 'deploy/blender', '--replicas=3')
  await wanted('wait', 'deploy/blender', '--for=jsonpath={.status.readyReplicas}=3', '--timeout=20s')
  await wanted('set', 'image', 'deploy/blender', 'blender=blender:2')
  await wanted('rollout', 'status', 'deploy/blender', '--timeout=20s')
  expect(await wanted('rollout', 'history', 'deploy/blender')).toMatch(/^1 .*\n2 /m)
  await wanted('rollout', 'undo', 'deploy/blender')
  await wanted('rollout', 'status', 'deploy/blender', '--timeout=20s')
  const image = '{.spec.template.spec.containers[0].image}'
  expect(await wanted('get', 'deploy', 'blender', '-o', `jsonpath=${image}`)).toBe('blender:1')
  expect((await wanted('get', 'rs', '-l', 'app=blender', '-o', 'name')).trim().split('\n')).toHaveLength(2)
  expect(await wanted('get', 'events')).toMatch(/ScalingReplicaSet +deployment\/blender +Scaled up replica set/)
  await wanted('delete', 'deploy', 'blender')
  await wanted('wait', 'pods', '-l', 'app=blender', '--for=delete', '--timeout=20s')
  expect(await wanted('get', 'rs,pods', '-l', 'app=blender', '-o', 'name')).toBe('')
})

test('an image that is not there leaves the old pods running', async () => {
  await wanted('set', 'image', 'deploy/search', 'search=registry.brightwater.example/search:does-not-exist')
  const reason = '{.status.containerStatuses[0].state.waiting.reason}'
  const selector = ['-l', 'app=search', '--field-selector=status.phase=Pending']
  await wanted('wait', 'pods', ...selector, `--for=jsonpath=${reason}=ImagePullBackOff`, '--timeout=20s')
  const out = await wanted('get', 'pods', '-l', 'app=search')
  expect(out).toMatch(/1\/1 +Running/)
  expect(out).toMatch(/0\/1 +ImagePullBackOff/)
})

test('the crashing pod crashes again until it gets a better image', async () => {
  await wanted('delete', 'pod', '-l', 'app=loyalty-points')
  const reason = '{.status.containerStatuses[0].state.waiting.reason}'
  await wanted('wait', 'pods', '-l', 'app=loyalty-points', `--for=jsonpath=${reason}=CrashLoopBackOff`, '--timeout=20s')
  await wanted('set', 'image', 'deploy/loyalty-points', 'loyalty-points=loyalty:2.3.1')
  expect(await wanted('rollout', 'status', 'deploy/loyalty-points', '--timeout=20s')).toContain('successfully')
})

test('a killed pod is replaced, and its service finds the new one', async () => {
  const before = await wanted('get', 'pods', '-l', 'app=checkout', '-o', 'name')
  await wanted('delete', ...before.trim().split('\n'))
  await wanted('wait', 'pods', '-l', 'app=checkout', '--for=condition=Ready', '--timeout=20s')
  const after = await wanted('get', 'pods', '-l', 'app=checkout', '-o', 'name')
  expect(after).not.toBe(before)
  const address = '{.subsets[0].addresses[*].targetRef.name}'
  const found = await wanted('get', 'endpoints', 'checkout', '-o', `jsonpath=${address}`)
  expect(
    found
      .split(' ')
      .map((name) => `pod/${name}`)
      .sort(),
  ).toEqual(after.trim().split('\n').sort())
})

test('stateful and daemon sets restart', async () => {
  await wanted('rollout', 'restart', 'statefulset/postgres', '-n', 'data')
  await wanted('rollout', 'status', 'statefulset/postgres', '-n', 'data', '--timeout=20s')
  expect(await wanted('get', 'pod', 'postgres-0', '-n', 'data')).toMatch(/postgres-0 +1\/1 +Running +0 +\ds/)
  await wanted('rollout', 'restart', 'daemonset/node-exporter', '-n', 'monitoring')
  await wanted('rollout', 'status', 'daemonset/node-exporter', '-n', 'monitoring', '--timeout=20s')
})

test('a job from a cron job completes', async () => {
  await wanted('create', 'job', 'again', '--from=cronjob/postgres-backup', '-n', 'data')
  await wanted('wait', 'job/again', '-n', 'data', '--for=condition=complete', '--timeout=20s')
  expect(await wanted('get', 'job', 'again', '-n', 'data')).toMatch(/again +Complete +1\/1/)
})

test('a node is drained and comes back', async () => {
  const out = await wanted('drain', 'tea-worker-2', '--ignore-daemonsets', '--delete-emptydir-data', '--force')
  expect(out).toContain('node/tea-worker-2 drained')
  expect(await wanted('get', 'node', 'tea-worker-2')).toContain('Ready,SchedulingDisabled')
  await wanted('uncordon', 'tea-worker-2')
})
