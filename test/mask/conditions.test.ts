import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { concealSecrets } from '../../src/mask/detect.ts'
import { concealNamed, namePatterns } from '../../src/mask/names.ts'
import { detectorNames } from '../../src/model/detector.ts'
import { resourceRequest } from '../policy/request.ts'
import { canary, masked, maskerFor } from './canary.ts'

const hide = (text: string) => concealSecrets(text, detectorNames, () => '***')

describe('what looks like a secret in a text', () => {
  it.each([
    ['key: AKIAIOSFODNN7EXAMPLE;', 'key: ***;'],
    ['aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"', 'aws_secret_access_key = "***"'],
    [
      '-----BEGIN EC PRIVATE KEY-----\nMIIE\nabc=\n-----END EC PRIVATE KEY-----',
      '-----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY-----',
    ],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,AB\n\nMIIE\n-----END RSA PRIVATE KEY-----\nx',
      '-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nx',
    ],
    ['-----BEGIN PRIVATE KEY-----\nMIIE and never an end', '-----BEGIN PRIVATE KEY-----***'],
    ['x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.abc_-1 y', 'x *** y'],
    ['Authorization: Bearer abcdefghijklmnop.qrs', 'Authorization: Bearer ***'],
    ['url=postgres://app:hunter2@db:5432/shop?x=1', 'url=postgres://app:***@db:5432/shop?x=1'],
    ['redis://:hunter2@cache', 'redis://:***@cache'],
    ['postgres://app:hun/ter?2#@db/shop', 'postgres://app:***@db/shop'],
    ['amqp://app:123,abc@mq', 'amqp://app:***@mq'],
    [
      '-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQPG\n-----END PGP PRIVATE KEY BLOCK-----',
      '-----BEGIN PGP PRIVATE KEY BLOCK-----***-----END PGP PRIVATE KEY BLOCK-----',
    ],
  ])('%s', (text, shown) => expect(hide(text)).toBe(shown))

  it.each([
    'https://example.com:8443/path',
    'a bearer of good news',
    'secret: see the vault',
    'postgres://db:5432/shop',
    'https://registry:4873/@acme/shop',
    'mongodb://one:27017,two:27017/shop?user=a@b',
    '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
  ])('leaves %s as it is', (text) => expect(hide(text)).toBe(text))

  it('hides what holds what another detector found', () => {
    const token = `chaperone-masked-${'0'.repeat(32)}`
    const both = concealSecrets('postgres://app:AKIAABCDEFGHIJKLMNOP-rest@db', detectorNames, () => token)
    expect(both).toBe(`postgres://app:${token}@db`)
    expect(concealSecrets(both, detectorNames, () => 'again')).toBe(both)
  })

  it('takes no longer for text that was made to be slow', () => {
    for (const text of [
      'a.'.repeat(500_000),
      'eyJaaaaaaaa-'.repeat(80_000),
      'x://'.repeat(200_000),
      'bearer '.repeat(100_000),
      'ab://:'.repeat(170_000),
    ]) {
      expect(hide(text).length).toBeGreaterThan(0)
    }
  })
})

describe('what has the name of a secret', () => {
  const names = namePatterns(['*password*', 'TOKEN'])
  const shown = (value: unknown) => concealNamed(value as never, names, () => '***')
  it.each([
    [
      { name: 'DB_PASSWORD', value: 'x' },
      { name: 'DB_PASSWORD', value: '***' },
    ],
    ['--db-password=x', '--db-password=***'],
    ['TOKEN=a=b', 'TOKEN=***'],
    ['exec app --password=x', 'exec app --password=***'],
    ['exec app --password=x --level=debug', 'exec app --password=*** --level=debug'],
    ['TOKEN=x ./app --level=debug --db-password "y z" -v', 'TOKEN=***'],
    ["LEVEL=debug DB_PASSWORD='y z' ./app", 'LEVEL=debug DB_PASSWORD=*** ./app'],
    ['app --db-password hunter2; echo done', 'app --db-password ***; echo done'],
    ['env -i DB_PASSWORD=x ./app -v LEVEL=debug', 'env -i DB_PASSWORD=*** ./app -v LEVEL=debug'],
    ['run -e A=b -e DB_PASSWORD=x -e C=d', 'run -e A=b -e DB_PASSWORD=*** -e C=d'],
    ['run --db-password a=b -v', 'run --db-password *** -v'],
    [`sh -c "DB_PASSWORD=x ./app" -v`, `sh -c "DB_PASSWORD=*** ./app" -v`],
    [
      ['DB_PASSWORD=x', 'y'],
      ['DB_PASSWORD=***', 'y'],
    ],
    [
      ['app', '--db-password', 'x y', '-v'],
      ['app', '--db-password', '***', '-v'],
    ],
    [
      ['sh', '-c', 'app --db-password x'],
      ['sh', '-c', 'app --db-password ***'],
    ],
  ])('%j', (value, wanted) => expect(shown(value)).toEqual(wanted))

  it.each([
    [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }],
    [{ name: 'DB_PASSWORD', value: '' }],
    [{ name: 'NOTE', value: 'x' }],
    ['--password'],
    ['app --password --level=debug'],
    ['--note=password'],
    ['TOKEN='],
    [['--level', 'debug', '--db-password', '--quiet']],
    [['--db-password', '', 7]],
    [['db-password', 'x']],
    [7],
  ])('%j stays', (value) => expect(shown(value)).toBe(value))

  test('a look at the bytes never says no where a name matches', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const name = `${before}PassWord${after}`
        if (names.matches(name)) expect(names.mayBeIn(Buffer.from(JSON.stringify(name)).toString('latin1'))).toBe(true)
      }),
    )
  })
})

test('the built-in policy hides environment, arguments and what it finds in config maps, and nothing beside them', async () => {
  const container = {
    name: 'web',
    image: 'web:1',
    env: [
      { name: 'DB_PASSWORD', value: canary },
      { name: 'LEVEL', value: 'debug' },
    ],
    args: ['--api-key=' + canary, '--level=debug', '--auth-token', canary],
    command: ['sh', '-c', 'run --token=' + canary],
    livenessProbe: { exec: { command: ['check', '--password', canary] }, periodSeconds: 10 },
    readinessProbe: {
      httpGet: {
        path: '/ready',
        port: 8080,
        httpHeaders: [
          { name: 'Authorization', value: `Basic ${canary}` },
          { name: 'Accept', value: 'text/plain' },
        ],
      },
    },
    startupProbe: { exec: { command: ['check', `--token=${canary}`] } },
    lifecycle: {
      postStart: { exec: { command: ['sh', '-c', `register --secret=${canary}`] } },
      preStop: { httpGet: { path: '/stop', port: 8080, httpHeaders: [{ name: 'X-Api-Key', value: canary }] } },
    },
  }
  const spec = {
    containers: [container],
    initContainers: [container],
    ephemeralContainers: [container],
    nodeName: 'n-1',
  }
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' }
  const pod = { metadata: { name: 'web', ownerReferences: [owner] }, spec }
  const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [pod, pod] }
  const seen = await masked(resourceRequest('list', 'pods'), list)
  const text = JSON.stringify(seen)
  expect(text).not.toContain(canary)
  expect(text.match(/chaperone-masked-/g)).toHaveLength(54)
  for (const kept of [
    '/ready',
    'text/plain',
    'register --secret=',
    'periodSeconds',
    'debug',
    'LEVEL',
    '--level=debug',
    '--api-key=',
    'run --token=',
    'n-1',
    'ReplicaSet',
  ]) {
    expect(text).toContain(kept)
  }
  const deployment = { kind: 'Deployment', apiVersion: 'apps/v1', metadata: {}, spec: { template: { spec } } }
  const request = resourceRequest('get', 'deployments', { apiGroup: 'apps', name: 'web' })
  expect(JSON.stringify(await masked(request, deployment))).not.toContain(canary)
  const revision = {
    kind: 'ControllerRevision',
    apiVersion: 'apps/v1',
    metadata: {},
    data: { spec: { template: { spec } } },
  }
  const revisions = resourceRequest('get', 'controllerrevisions', { apiGroup: 'apps', name: 'web-1' })
  expect(JSON.stringify(await masked(revisions, revision))).not.toContain(canary)
  const template = { kind: 'PodTemplate', apiVersion: 'v1', metadata: {}, template: { spec } }
  expect(JSON.stringify(await masked(resourceRequest('get', 'podtemplates', { name: 'web' }), template))).not.toContain(
    canary,
  )
  const map = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: {},
    data: { url: `amqp://app:${canary}@mq`, level: 'debug' },
  }
  expect(JSON.stringify(await masked(resourceRequest('get', 'configmaps', { name: 'x' }), map))).toMatch(
    /"url":"amqp:\/\/app:chaperone-masked-[0-9a-f]{32}@mq","level":"debug"/,
  )
})

test.each([
  ['deployments', 'Deployment', 'apps', (template: object) => ({ spec: { template } })],
  [
    'cronjobs',
    'CronJob',
    'batch',
    (template: object) => ({ spec: { jobTemplate: { ...template, spec: { template } } } }),
  ],
  ['podtemplates', 'PodTemplate', '', (template: object) => ({ template })],
  ['controllerrevisions', 'ControllerRevision', 'apps', (template: object) => ({ data: { spec: { template } } })],
])('annotations that %s give what they make are hidden as their own are', async (resource, kind, apiGroup, of) => {
  const annotations = { 'example.com/auth-token': canary, 'DB-API-KEY': canary, note: 'plain', 'x/password': canary }
  const object = {
    kind,
    apiVersion: apiGroup === '' ? 'v1' : `${apiGroup}/v1`,
    metadata: { name: 'x', annotations: { note: 'long '.repeat(100) } },
    ...of({ metadata: { annotations } }),
  }
  const seen = JSON.stringify(await masked(resourceRequest('get', resource, { apiGroup, name: 'x' }), object))
  expect(seen).not.toContain(canary)
  expect(seen).toContain('"note":"plain"')
  expect(seen).toContain('long long')
})

test.each([
  ['pods', ''],
  ['deployments', 'apps'],
])('the table of %s stays readable', async (resource, apiGroup) => {
  const columns = ['Name', 'Ready', 'Status', 'Restarts', 'Age'].map((name) => ({ name, type: 'string' }))
  const rows = [
    { cells: ['web', '1/1', 'Running', 0, '5d'], object: { kind: 'PartialObjectMetadata', metadata: { name: 'web' } } },
  ]
  const table = { kind: 'Table', apiVersion: 'meta.k8s.io/v1', columnDefinitions: columns, rows }
  expect(await masked(resourceRequest('list', resource, { apiGroup }), table)).toEqual(table)
})

test('a JSON patch may test what no condition hides, and nothing that one may', () => {
  const patch = (resource: string, apiGroup: string, ...operations: object[]) => {
    const request = resourceRequest('patch', resource, { apiGroup, namespace: 'shop', name: 'x' })
    const sent = { target: '/x', contentType: 'application/json-patch+json' }
    return () => maskerFor(request).guardWrite(operations as never, sent)
  }
  const env = '/spec/template/spec/containers/0/env/0'
  expect(patch('configmaps', '', { op: 'test', path: '/data/level', value: 'debug' })).not.toThrow()
  expect(patch('deployments', 'apps', { op: 'test', path: '/spec/replicas', value: 2 })).not.toThrow()
  expect(patch('deployments', 'apps', { op: 'test', path: env, value: { name: 'LEVEL', value: 'x' } })).not.toThrow()
  for (const attempt of [
    patch('configmaps', '', { op: 'test', path: '/data/url', value: 'amqp://app:guess@mq' }),
    patch('configmaps', '', { op: 'copy', from: '/data/url', path: '/metadata/labels/x' }),
    patch('deployments', 'apps', { op: 'test', path: env, value: { name: 'DB_PASSWORD', value: 'guess' } }),
    patch('deployments', 'apps', { op: 'test', path: `${env}/value`, value: 'guess' }),
    patch('deployments', 'apps', { op: 'move', from: env, path: '/metadata/annotations/x' }),
  ]) {
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_MASK_WRITE' }))
  }
})

test('what the cluster says of a whole object is left out, and the rest of its message stays', async () => {
  const request = resourceRequest('patch', 'jobs', { apiGroup: 'batch', namespace: 'shop', name: 'migrate' })
  const begin = 'Job.batch "migrate" is invalid: spec.template: Invalid value: '
  const dump = `core.PodTemplateSpec{Spec:core.PodSpec{Containers:[]core.Container{core.Container{Args:[]string{"--password=${canary}"}}}}}`
  const causes = [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${dump}: field is immutable`, field: 'spec.template' },
  ]
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    message: `${begin}${dump}`,
    details: { causes },
    code: 422,
  }
  const text = JSON.stringify(await masked(request, status))
  expect(text).not.toContain(canary)
  expect(text).toContain(JSON.stringify(begin).slice(1, -1))
  expect(text).toContain('FieldValueInvalid')
  for (const slow of ['Job'.repeat(300_000), '&'.repeat(900_000), 'a.'.repeat(450_000)]) {
    expect(JSON.stringify(await masked(request, { ...status, message: slow, details: {} }))).toContain(slow)
  }
  const plain = { ...status, message: 'jobs.batch "migrate" not found', details: {} }
  expect(await masked(request, plain)).toEqual(plain)
})
