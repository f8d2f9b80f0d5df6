import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HeldRequest } from '../../src/model/held.ts'
import type { AuditEvent } from '../../src/model/audit.ts'
import { practiceBroker, type PracticeBroker } from './broker.ts'

let broker: PracticeBroker
beforeAll(async () => {
  broker = await practiceBroker()
})
afterAll(() => broker[Symbol.asyncDispose]())

const heldID = (stderr: string) => /h-[a-z2-9]{6}/.exec(stderr)?.[0] ?? 'no held request was named'

describe('a pipeline that reads', () => {
  it('gets what kubectl prints, on stdout, and nothing of ours there', async () => {
    const { stdout, code } = await broker.kubectlRun(['get', 'namespaces', '--no-headers', '-o', 'name'])
    expect(code).toBe(0)
    expect(stdout.split('\n')).toContain('namespace/shop-production')
    expect(stdout).not.toContain('chaperone')
  })

  it.each(['json', 'yaml', 'jsonpath={.data}', 'go-template={{.data}}'])(
    'never sees a secret value with -o %s',
    async (output) => {
      const { stdout, code } = await broker.kubectlRun([
        'get',
        'secret',
        'newsletter-api',
        '-n',
        'shop-production',
        '-o',
        output,
      ])
      expect(code).toBe(0)
      expect(stdout).not.toContain('hunter2-newsletter')
      expect(stdout).not.toContain(Buffer.from('hunter2-newsletter').toString('base64'))
      expect(stdout).toContain(Buffer.from('chaperone-masked').toString('base64').slice(0, 16))
    },
  )

  it('gets the exit code of its command', async () => {
    expect(
      (await broker.chaperone(['run', '--practice', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])).code,
    ).toBe(7)
    const { code, stderr } = await broker.kubectlRun(['get', 'pod', 'no-such-pod'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('NotFound')])
  })

  it('hears that its program is not there with 127, and its own mistakes with 125', async () => {
    expect((await broker.chaperone(['run', '--practice', '--', 'no-such-program'])).code).toBe(127)
    expect((await broker.chaperone(['run', '--practice', '--wait=soon', '--', 'true'])).code).toBe(125)
    expect((await broker.chaperone(['run', '--practice'])).code).toBe(125)
  })
})

describe('a pipeline whose request is held', () => {
  it('hears 120 when it will not wait; approved meanwhile, the same command runs once', async () => {
    const remove = ['delete', 'namespace', 'monitoring', '--wait=false']
    const first = await broker.kubectlRun(remove, ['--wait=0'])
    expect(first.code).toBe(120)
    expect(first.stderr).toContain('Error from server (ApprovalPending)')
    const id = heldID(first.stderr)
    const list = JSON.parse((await broker.chaperone(['held', 'list', '--json'])).stdout) as HeldRequest[]
    expect(list.find((held) => held.id === id)).toMatchObject({
      command: 'kubectl delete namespace monitoring',
      waiting: false,
    })

    const approved = await broker.chaperone(['held', 'approve', id, '--practice', '--json', '--comment', 'agreed'])
    expect(JSON.parse(approved.stdout)).toMatchObject({ id, state: 'approved' })
    const second = await broker.kubectlRun(remove, ['--wait=0'])
    expect([second.code, second.stdout]).toEqual([0, 'namespace "monitoring" deleted\n'])
    expect(JSON.parse((await broker.chaperone(['held', 'show', id, '--json'])).stdout)).toMatchObject({
      state: 'completed',
    })
    const third = await broker.kubectlRun(['delete', 'namespace', 'data', '--wait=false'], ['--wait=0'])
    expect(third.code).toBe(120)
  })

  it('is not approved by habit when a part of it is too long to be shown', async () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'long' } }
    const annotations = { note: `begin ${'x'.repeat(90_000)} end` }
    const long = JSON.stringify({ ...role, metadata: { ...role.metadata, annotations }, rules: [] })
    const args = ['run', '--practice', '--wait=0', '--', broker.kubectl, 'create', '-f', '-']
    const id = heldID((await broker.chaperone(args, { input: long })).stderr)
    const blind = await broker.chaperone(['held', 'approve', id, '--practice'])
    expect([blind.code, blind.stderr]).toEqual([1, expect.stringMatching(/too long to be shown[^]*--not-shown-whole/)])
    expect(JSON.parse((await broker.chaperone(['held', 'show', id, '--json'])).stdout)).toMatchObject({
      state: 'pending',
    })
    expect((await broker.chaperone(['held', 'approve', id, '--practice', '--not-shown-whole'])).code).toBe(0)
  })

  it('hears 121 and why when it is denied, and can have it explained', async () => {
    const running = broker.kubectlRun([
      'create',
      'clusterrolebinding',
      'mine',
      '--clusterrole=cluster-admin',
      '--user=me',
    ])
    const held = await pending('kubectl create clusterrolebinding')
    await broker.chaperone(['held', 'deny', held.id, '--practice', '--comment', 'not on a Friday'])
    const { code, stderr } = await running
    expect(code).toBe(121)
    expect(stderr).toContain('rita@practice denied it: not on a Friday')
    const why = (await broker.chaperone(['why', held.id])).stdout
    expect(why).toMatch(/It was held by .*review-access-rules \(the built-in policy\)/)
    expect(why).toContain('rita@practice')
  })

  it('is told on stderr at once that it waits, and for whom', async () => {
    const running = broker.kubectlRun(['delete', 'persistentvolume', '--all', '--wait=false'], ['--wait=2s'])
    const { code, stderr } = await running
    expect(code).toBe(120)
    expect(stderr).toMatch(/chaperone: held h-.*review/)
  })

  it('is refused by rule with 121, and the refusal names the way to more', async () => {
    const { code, stderr } = await broker.kubectlRun(['get', '--raw', '/api/v1/nodes/x/proxy/metrics'])
    expect(code).toBe(121)
    expect(stderr).toMatch(/chaperone why [0-9a-f-]{36}/)
    const id = /chaperone why ([0-9a-f-]{36})/.exec(stderr)?.[1] ?? ''
    expect((await broker.chaperone(['why', id])).stdout).toContain('no-proxy')
    expect((await broker.chaperone(['why', 'last'])).stdout).toContain('no-proxy')
  })
})

describe('writes that carry secrets', () => {
  it('pass when they are new; a masked value that comes back is what it was, or refused elsewhere', async () => {
    const manifest = join(broker.state, '..', 'secret.yaml')
    await writeFile(
      manifest,
      'apiVersion: v1\nkind: Secret\nmetadata: {name: fresh, namespace: shop-staging}\nstringData: {key: brand-new-value}\n',
    )
    expect((await broker.kubectlRun(['create', '-f', manifest])).stdout).toBe('secret/fresh created\n')
    const masked = await broker.kubectlRun(['get', 'secret', 'fresh', '-n', 'shop-staging', '-o', 'yaml'])
    expect(masked.stdout).not.toContain(Buffer.from('brand-new-value').toString('base64'))
    await writeFile(manifest, masked.stdout)
    expect((await broker.kubectlRun(['replace', '-f', manifest])).stdout).toBe('secret/fresh replaced\n')
    const again = await broker.kubectlRun([
      'get',
      'secret',
      'fresh',
      '-n',
      'shop-staging',
      '-o',
      'jsonpath={.data.key}',
    ])
    expect(masked.stdout).toContain(again.stdout)
    await writeFile(manifest, masked.stdout.replace('name: fresh', 'name: copy'))
    const elsewhere = await broker.kubectlRun(['create', '-f', manifest])
    expect(elsewhere.code).not.toBe(0)
    expect(elsewhere.stderr).toContain('data.key')
  })
})

describe('afterwards', () => {
  it('every request is in the journal, from the received to the completed, and nothing was altered', async () => {
    const search = await broker.chaperone(['journal', 'search', '--verb=delete', '--json'])
    const events = JSON.parse(search.stdout) as AuditEvent[]
    expect(events.length).toBeGreaterThan(1)
    for (const event of events.filter(({ stage }) => stage === 'RequestReceived')) {
      const ends = events.filter(({ auditID, stage }) => auditID === event.auditID && stage === 'ResponseComplete')
      expect(ends).toHaveLength(1)
    }
    expect((await broker.chaperone(['journal', 'verify'])).code).toBe(0)
    const { auditID } = events[0] ?? { auditID: '' }
    const page = await broker.chaperone(['journal', 'show', auditID])
    expect(page.stdout).toMatch(/^RequestReceived [^]*decision [^]*ResponseComplete [^]*outcome /)
    expect((await broker.chaperone(['journal', 'show', 'nothing'])).stderr).toContain('The journal has no request')
  })

  it('each run has a recording with its exit status, and replay prints what was seen', async () => {
    const list = JSON.parse((await broker.chaperone(['recordings', 'list', '--json'])).stdout) as {
      sessionID: string
      exitStatus?: number
    }[]
    expect(list.length).toBeGreaterThan(5)
    expect(list.every(({ exitStatus }) => exitStatus !== undefined)).toBe(true)
    await broker.chaperone(['run', '--practice', '--', 'sh', '-c', 'echo the last words'])
    expect((await broker.chaperone(['replay', 'latest', '--print'])).stdout).toContain('the last words')
  })

  it('no file holds a secret value or the credential of the cluster', async () => {
    const values = ['hunter2-newsletter', 'brand-new-value', 'jasmine-pearl-7421']
    const forms = values.flatMap((value) => [
      value,
      Buffer.from(value).toString('base64'),
      Buffer.from(value).toString('hex'),
    ])
    const files = await broker.files()
    expect(files.length).toBeGreaterThan(8)
    for (const { path, bytes } of files) {
      for (const form of forms) expect([path, bytes.includes(form)]).toEqual([path, false])
    }
  })
})

/** The held request of this command, once it is there; the broker tells no test, so it is asked again. */
async function pending(command: string): Promise<HeldRequest> {
  for (;;) {
    const list = JSON.parse((await broker.chaperone(['held', 'list', '--json'])).stdout) as HeldRequest[]
    const found = list.find((held) => held.command.startsWith(command))
    if (found !== undefined) return found
  }
}

it('the ready file says where everything is', async () => {
  const { ready, pid } = broker.process
  expect(ready).toMatchObject({ pid, endpoint: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) as string })
  expect(await readFile(ready.caFile, 'utf8')).toContain('BEGIN CERTIFICATE')
})
