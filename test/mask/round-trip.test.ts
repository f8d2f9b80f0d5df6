import { execFile } from 'node:child_process'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { through, type Through } from '../clients/through.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let parts: AsyncDisposableStack
let folder: string
/** kubectl as an operator has it, through the broker, and on the cluster itself. */
let shown: (...args: string[]) => Promise<Ran>
let direct: (...args: string[]) => Promise<Ran>
let state: string
let control: Through['control']

beforeEach(async () => {
  parts = new AsyncDisposableStack()
  folder = parts.use(await temporaryFolder()).path
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  parts.defer(() => practice.close())
  // The built-in policy, as it comes.
  const broker = parts.use(await through(practice.kubeconfig, ''))
  state = broker.state
  control = broker.control
  const kubectl = await kubectlPath()
  const using = async (name: string, kubeconfig: string) => {
    await writeFile(join(folder, name), kubeconfig, { mode: 0o600 })
    return (...args: string[]) =>
      new Promise<Ran>((done) => {
        const env = {
          HOME: join(folder, `home-${name}`),
          KUBECONFIG: join(folder, name),
          KUBE_EDITOR: join(folder, 'editor'),
        }
        execFile(kubectl, ['--namespace=default', ...args], { env }, (error, stdout, stderr) => {
          done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
        })
      })
  }
  shown = await using('shown', broker.kubeconfig)
  direct = await using('direct', practice.kubeconfig)
})
afterEach(() => parts.disposeAsync())

const password = 'hunter2-of-the-story'
const values = { password: Buffer.from(password).toString('base64'), binary: '/wAB/g==', empty: '' }
const annotations = { 'x/access-token': 'token-of-the-story', note: 'open' }

async function file(name: string, object: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, typeof object === 'string' ? object : JSON.stringify(object))
  return path
}

/** A secret made on the cluster itself; `apply` leaves the annotation with all of its values. */
async function makeSecret(how: 'create' | 'apply'): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', annotations }, data: values }
  const made = await direct(how, '-f', await file('secret.json', secret))
  expect(made.stderr).toBe('')
}

interface Stored {
  readonly data: Record<string, string>
  readonly metadata: { readonly annotations: Record<string, string>; readonly labels?: Record<string, string> }
}
const stored = async (name = 'db'): Promise<Stored> =>
  JSON.parse((await direct('get', 'secret', name, '-o', 'json')).stdout) as Stored

async function editor(script: string): Promise<void> {
  const path = await file('editor', `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
}

async function expectUntouched(): Promise<void> {
  const { data, metadata } = await stored()
  expect(data).toEqual(values)
  expect(metadata.annotations['x/access-token']).toBe(annotations['x/access-token'])
  const lines = await Promise.all(
    (await readdir(join(state, 'journal'))).map((name) => readFile(join(state, 'journal', name), 'utf8')),
  )
  const journal = lines.join('')
  expect(journal).toContain('"secrets"')
  expect(journal).not.toContain(password)
  expect(journal).not.toContain(values.password)
}

const readMasked = async (): Promise<string> => {
  const { stdout } = await shown('get', 'secret', 'db', '-o', 'json')
  expect(stdout).not.toContain(values.password)
  expect(stdout).not.toContain(annotations['x/access-token'])
  return stdout
}

describe.each(['create', 'apply'] as const)('a secret made with kubectl %s keeps its values when', (how) => {
  test.each<[string, () => Promise<Ran>]>([
    [
      'it is edited',
      async () => {
        await editor(`sed -i 's/note: open/note: closed/' "$1"`)
        return shown('edit', 'secret', 'db')
      },
    ],
    [
      'what was read is replaced',
      async () => {
        const read = (await readMasked()).replace('"open"', '"closed"')
        return shown('replace', '-f', await file('read.json', read))
      },
    ],
    [
      'what was read is applied',
      async () => {
        const read = (await readMasked()).replace('"open"', '"closed"')
        return shown('apply', '-f', await file('read.json', read))
      },
    ],
    [
      'what was read is applied on the server',
      async () => {
        const read = JSON.parse(await readMasked()) as { metadata: Record<string, unknown> }
        delete read.metadata['managedFields']
        const text = JSON.stringify(read).replace('"open"', '"closed"')
        return shown('apply', '--server-side', '--force-conflicts', '-f', await file('read.json', text))
      },
    ],
    ...(['merge', 'strategic'] as const).map((type): [string, () => Promise<Ran>] => [
      `it is patched (${type}) with what was read`,
      async () => {
        const { data, metadata } = JSON.parse(await readMasked()) as Stored
        const patch = { data, metadata: { annotations: { ...metadata.annotations, note: 'closed' } } }
        return shown('patch', 'secret', 'db', `--type=${type}`, '-p', JSON.stringify(patch))
      },
    ]),
    [
      'it is patched (json) with what was read',
      async () => {
        const { data } = JSON.parse(await readMasked()) as Stored
        const patch = [
          { op: 'replace', path: '/data/password', value: data['password'] },
          { op: 'replace', path: '/data', value: data },
          { op: 'replace', path: '/metadata/annotations/note', value: 'closed' },
        ]
        return shown('patch', 'secret', 'db', '--type=json', '-p', JSON.stringify(patch))
      },
    ],
    ['it is annotated', () => shown('annotate', 'secret', 'db', 'note=closed', '--overwrite')],
  ])('%s', async (_what, change) => {
    await makeSecret(how)
    const { code, stderr } = await change()
    expect([code, stderr.replace(/^Warning: .*\n/gm, '')]).toEqual([0, ''])
    expect((await stored()).metadata.annotations['note']).toBe('closed')
    await expectUntouched()
  })
})

test('kubectl apply keeps its record of what was applied readable for the next apply', async () => {
  await makeSecret('apply')
  const read = (await readMasked()).replace('"open"', '"closed"').replace(/"resourceVersion": "\d+",/, '')
  expect((await shown('apply', '-f', await file('read.json', read))).code).toBe(0)
  const record = (await stored()).metadata.annotations['kubectl.kubernetes.io/last-applied-configuration'] ?? ''
  expect(record).not.toContain('chaperone-masked')
  expect((JSON.parse(record) as Stored).data).toEqual(values)
  expect((await shown('apply', '-f', await file('read.json', read))).stdout).toMatch(/unchanged|configured/)
  await expectUntouched()
})

describe('a token is put back nowhere but where it was shown', () => {
  const token = async () => (JSON.parse(await readMasked()) as Stored).data['password'] ?? ''
  const plainToken = async () => Buffer.from(await token(), 'base64').toString()
  test.each<[string, () => Promise<Ran>]>([
    [
      'another key',
      async () =>
        shown('patch', 'secret', 'db', '--type=merge', '-p', JSON.stringify({ data: { other: await token() } })),
    ],
    [
      'another key, by a JSON patch',
      async () =>
        shown(
          'patch',
          'secret',
          'db',
          '--type=json',
          '-p',
          JSON.stringify([{ op: 'add', path: '/data/other', value: await token() }]),
        ),
    ],
    ['an annotation', async () => shown('annotate', 'secret', 'db', `leak=${await token()}`)],
    ['a label', async () => shown('label', 'secret', 'db', `leak=${await plainToken()}`)],
    [
      'stringData',
      async () =>
        shown('patch', 'secret', 'db', '-p', JSON.stringify({ stringData: { password: await plainToken() } })),
    ],
    [
      'another secret',
      async () => {
        await direct('create', 'secret', 'generic', 'other', '--from-literal=password=x')
        return shown('patch', 'secret', 'other', '-p', JSON.stringify({ data: { password: await token() } }))
      },
    ],
    [
      'a config map',
      async () => {
        const map = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'db' },
          data: { password: await plainToken() },
        }
        return shown('create', '-f', await file('map.json', map))
      },
    ],
    [
      'a secret of the same name in another namespace',
      async () => {
        await direct('create', 'namespace', 'elsewhere')
        await direct('create', 'secret', 'generic', 'db', '-n', 'elsewhere', '--from-literal=password=x')
        return shown(
          'patch',
          'secret',
          'db',
          '-n',
          'elsewhere',
          '-p',
          JSON.stringify({ data: { password: await token() } }),
        )
      },
    ],
    [
      'a new secret',
      async () => {
        const secret = {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'new' },
          data: { password: await token() },
        }
        return shown('create', '-f', await file('new.json', secret))
      },
    ],
    [
      'the same key after its value has changed',
      async () => {
        const old = await token()
        await direct('patch', 'secret', 'db', '-p', JSON.stringify({ data: { password: 'bmV3' } }))
        const ran = await shown('patch', 'secret', 'db', '-p', JSON.stringify({ data: { password: old } }))
        expect((await stored()).data['password']).toBe('bmV3')
        await direct('patch', 'secret', 'db', '-p', JSON.stringify({ data: { password: values.password } }))
        return ran
      },
    ],
  ])('%s', async (_what, attempt) => {
    await makeSecret('create')
    const { code, stderr } = await attempt()
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/carries a masked value back, at \S+\. Nothing was changed/),
    ])
    await expectUntouched()
    const everything = await direct('get', 'secrets,configmaps', '-A', '-o', 'json')
    expect(everything.stdout).not.toContain('chaperone-masked')
  })
})

test('a value that somebody changes while it is put back stays changed', async () => {
  await makeSecret('create')
  const { data } = JSON.parse(await readMasked()) as Stored
  const patch = JSON.stringify({ metadata: { resourceVersion: '1' }, data: { password: data['password'] } })
  const { code, stderr } = await shown('patch', 'secret', 'db', '--type=merge', '-p', patch)
  expect([code, stderr]).toEqual([1, expect.stringContaining('Conflict')])
  await expectUntouched()
})

describe('a guess at a hidden value is not answered by the version of its object:', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const manifest = (guess: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', annotations },
    data: { ...values, password: base64(guess) },
  })
  const patch = (type: string, body: unknown) =>
    shown('patch', 'secret', 'db', `--type=${type}`, '-p', JSON.stringify(body))

  test.each<[string, (guess: string) => Promise<Ran>]>([
    ['a merge patch', (guess) => patch('merge', { data: { password: base64(guess) } })],
    ['a strategic merge patch', (guess) => patch('strategic', { stringData: { password: guess } })],
    ['a JSON patch', (guess) => patch('json', [{ op: 'replace', path: '/data/password', value: base64(guess) }])],
    [
      'a JSON patch of all values',
      (guess) => patch('json', [{ op: 'add', path: '/data', value: { password: base64(guess) } }]),
    ],
    ['apply', async (guess) => shown('apply', '-f', await file('guess.json', manifest(guess)))],
    [
      'server-side apply',
      async (guess) =>
        shown('apply', '--server-side', '--force-conflicts', '-f', await file('guess.json', manifest(guess))),
    ],
    [
      'server-side apply that is not forced',
      async (guess) => shown('apply', '--server-side', '-f', await file('guess.json', manifest(guess))),
    ],
    ['replace', async (guess) => shown('replace', '-f', await file('guess.json', manifest(guess)))],
    ['an annotation', (guess) => shown('annotate', 'secret', 'db', `x/access-token=${guess}`, '--overwrite')],
  ])('%s waits until it is confirmed, whether it is right or wrong', async (what, attempt) => {
    await makeSecret('create')
    const right = what === 'an annotation' ? annotations['x/access-token'] : password
    for (const guess of [right, 'wrong']) {
      const { code, stderr } = await attempt(guess)
      expect([code, stderr]).toEqual([1, expect.stringContaining('is still held')])
    }
    await expectUntouched()
    const held = await control.listHeld('pending')
    expect(held.map(({ requirement }) => requirement.kind)).toEqual(['confirm', 'confirm'])
    expect(held.map(({ reasons: [first] }) => first?.code)).toEqual(['hidden-write', 'hidden-write'])
    expect(JSON.stringify(held)).not.toContain(base64(password))
  })

  test('what was confirmed is written, and what holds no value of its own, or is new, does not wait', async () => {
    await makeSecret('create')
    const change = { data: { password: base64('changed') } }
    await patch('merge', change)
    const [held] = await control.listHeld('pending')
    await control.confirm(held?.id ?? '', held?.digest ?? '')
    expect(await patch('merge', change)).toMatchObject({ code: 0 })
    expect((await stored()).data['password']).toBe(base64('changed'))
    expect(await shown('label', 'secret', 'db', 'team=shop')).toMatchObject({ code: 0 })
    expect(await shown('create', 'secret', 'generic', 'new', '--from-literal=password=x')).toMatchObject({ code: 0 })
  })

  test.each([
    ['merge', { data: { password: null } }],
    ['merge', { data: null }],
    ['strategic', { data: { $patch: 'replace' } }],
    ['json', [{ op: 'remove', path: '/data/password' }]],
    ['json', [{ op: 'replace', path: '/data', value: {} }]],
  ] as const)('what takes a value away waits too (%s)', async (kind, change) => {
    await makeSecret('create')
    expect((await patch(kind, change)).stderr).toContain('is still held')
    await expectUntouched()
  })
})

describe('a write that replaces more than it names', () => {
  const lacking = (version?: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', annotations, ...(version === undefined ? {} : { resourceVersion: version }) },
    data: { binary: values.binary, empty: '' },
  })

  test('waits where it leaves a hidden value out, and is written as it is when it was confirmed', async () => {
    await makeSecret('create')
    const read = JSON.parse((await shown('get', 'secret', 'db', '-o', 'json')).stdout) as {
      data: Record<string, string>
    }
    const { password: _out, ...rest } = read.data
    const replaced = await shown('replace', '-f', await file('less.json', { ...read, data: rest }))
    expect([replaced.code, replaced.stderr]).toEqual([1, expect.stringContaining('is still held')])
    const map = [{ op: 'replace', path: '/data', value: rest }]
    const change = () => shown('patch', 'secret', 'db', '--type=json', '-p', JSON.stringify(map))
    expect((await change()).stderr).toContain('is still held')
    await expectUntouched()
    const held = await control.listHeld('pending')
    expect(held.map(({ reasons: [first] }) => first?.code)).toEqual(['hidden-write', 'hidden-write'])
    await control.confirm(held[1]?.id ?? '', held[1]?.digest ?? '')
    expect(await change()).toMatchObject({ code: 0 })
    expect(Object.keys((await stored()).data)).toEqual(Object.keys(rest))
  })

  test('does not wait where all that was read comes back', async () => {
    await makeSecret('create')
    const read = JSON.parse((await shown('get', 'secret', 'db', '-o', 'json')).stdout) as { metadata: object }
    const labelled = { ...read, metadata: { ...read.metadata, labels: { team: 'shop' } } }
    expect(await shown('replace', '-f', await file('read.json', labelled))).toMatchObject({ code: 0 })
    expect((await stored()).data['password']).toBe(values.password)
  })

  test('by server-side apply it waits where its manager had applied what it leaves out now', async () => {
    const whole = await file('whole.json', { ...lacking(), data: values })
    const applied = ['apply', '--server-side', '--force-conflicts', '--field-manager=ci', '-f']
    expect(await direct(...applied, whole)).toMatchObject({ code: 0 })
    const read = JSON.parse((await shown('get', 'secret', 'db', '-o', 'json')).stdout) as {
      data: Record<string, string>
    }
    const { password: _out, ...rest } = read.data
    const less = await file('less.json', { ...lacking(), metadata: { name: 'db' }, data: rest })
    const { code, stderr } = await shown(...applied, less)
    expect([code, stderr]).toEqual([1, expect.stringContaining('is still held')])
    await expectUntouched()
    const all = await file('all.json', {
      ...lacking(),
      metadata: { name: 'db', labels: { team: 'shop' } },
      data: read.data,
    })
    expect((await direct('get', 'secret', 'db', '-o', 'json')).stdout).not.toContain('"team"')
    const other = ['apply', '--server-side', '--force-conflicts', '--field-manager=other', '-f']
    expect(await shown(...other, all)).toMatchObject({ code: 0, stderr: '' })
    expect((await stored()).data['password']).toBe(values.password)
  })
})

describe('a variable whose value is hidden by its name', () => {
  const pod = (name: string, value: string, version?: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'app', ...(version === undefined ? {} : { resourceVersion: version }) },
    spec: {
      selector: { matchLabels: { app: 'app' } },
      template: {
        metadata: { labels: { app: 'app' } },
        spec: { containers: [{ name: 'app', image: 'app:1', env: [{ name, value }] }] },
      },
    },
  })
  const read = async () => {
    const { stdout } = await shown('get', 'deployment', 'app', '-o', 'json')
    expect(stdout).not.toContain(password)
    return JSON.parse(stdout) as ReturnType<typeof pod>
  }
  const env = async () =>
    (await direct('get', 'deployment', 'app', '-o', 'jsonpath={.spec.template.spec.containers[0].env}')).stdout

  test('keeps it when what was read is replaced or applied, and loses it under no other name', async () => {
    expect((await direct('create', '-f', await file('app.json', pod('DB_PASSWORD', password)))).stderr).toBe('')
    // The controllers write its status until then.
    const rolledOut = await direct('rollout', 'status', 'deployment/app', '--timeout=60s')
    expect(rolledOut.code).toBe(0)
    const masked = JSON.stringify(await read())
    expect((await shown('replace', '-f', await file('read.json', masked.replace('app:1', 'app:2')))).stderr).toBe('')
    expect(JSON.parse(await env())).toEqual([{ name: 'DB_PASSWORD', value: password }])

    const renamed = JSON.stringify(await read()).replaceAll('DB_PASSWORD', 'NOTE')
    const { code, stderr } = await shown('replace', '-f', await file('renamed.json', renamed))
    expect([code, stderr]).toEqual([1, expect.stringContaining('carries a masked value back')])
    const { value } = (await read()).spec.template.spec.containers[0]?.env[0] ?? {}
    const operations = [
      { op: 'replace', path: '/spec/template/spec/containers/0/env/0', value: { name: 'NOTE', value } },
    ]
    const patched = await shown('patch', 'deployment', 'app', '--type=json', '-p', JSON.stringify(operations))
    expect([patched.code, patched.stderr]).toEqual([1, expect.stringContaining('carries a masked value back')])
    expect(JSON.parse(await env())).toEqual([{ name: 'DB_PASSWORD', value: password }])
  })
})
