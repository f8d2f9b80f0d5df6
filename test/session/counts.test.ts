import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SessionCounts } from '../../src/model/session.ts'
import { startPractice } from '../../src/practice/server.ts'
import { countsOf, type EndedRequest } from '../../src/session/counts.ts'
import { through, type Through } from '../clients/through.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/tmp.ts'

const allowed: EndedRequest = {
  request: { kind: 'resource' },
  decision: 'allow',
  heldID: '',
  refused: false,
  masked: 2,
}

describe('one request', () => {
  it.each<[string, Partial<EndedRequest>, SessionCounts | undefined]>([
    ['allowed', {}, { requests: 1, held: 0, denied: 0, masked: 2 }],
    ['discovery that passes', { request: { kind: 'non-resource' } }, undefined],
    ['discovery that is refused', { request: { kind: 'non-resource' }, refused: true }, count({ denied: 1 })],
    ['what nobody could read', { request: undefined, decision: 'deny', refused: true }, count({ denied: 1 })],
    ['denied', { decision: 'deny', refused: true }, count({ denied: 1 })],
    ['denied, and its client did not wait to hear it', { decision: 'deny' }, count({ denied: 1 })],
    ['allowed, then refused', { refused: true }, count({ denied: 1 })],
    ['held', { decision: 'hold', heldID: 'h-abcdef' }, count({ held: 1 })],
    ['held and denied by a reviewer', { decision: 'hold', heldID: 'h-abcdef', refused: true }, count({ held: 1 })],
    ['what a rule holds, refused at once', { decision: 'hold', refused: true }, count({ denied: 1 })],
    ['what a rule holds, and its client left before it waited', { decision: 'hold' }, count({})],
  ])('%s', (_name, ended, counts) => {
    expect(countsOf({ ...allowed, masked: counts?.masked ?? 0, ...ended })).toEqual(counts)
  })
})

function count(some: Partial<SessionCounts>): SessionCounts {
  return { requests: 1, held: 0, denied: 0, masked: 0, ...some }
}

describe('a session through a broker', () => {
  const parts = new AsyncDisposableStack()
  let broker: Through
  let kubeconfig: string
  beforeAll(async () => {
    const folder = parts.use(await temporaryFolder()).path
    const practice = parts.adopt(await startPractice({ host: '127.0.0.1', port: 0 }), (cluster) => cluster.close())
    broker = parts.use(await through(practice.kubeconfig, ''))
    kubeconfig = join(folder, 'kubeconfig')
    await writeFile(kubeconfig, broker.kubeconfig)
  })
  afterAll(() => parts.disposeAsync())

  it('counts as held what waits for somebody, and exec, which cannot, as denied', async () => {
    await expect(kubectl('exec', '-n', 'data', 'postgres-0', '--', 'true')).rejects.toThrow(/do not pass/)
    const { denied } = await counts()
    expect(denied).toBeGreaterThan(0)
    expect(await counts()).toMatchObject({ held: 0 })
    await expect(kubectl('delete', 'namespace', 'shop-staging')).rejects.toThrow(/ApprovalPending/)
    expect(await counts()).toMatchObject({ held: 1, denied })
  })

  async function kubectl(...args: string[]): Promise<void> {
    await promisify(execFile)(await kubectlPath(), ['--kubeconfig', kubeconfig, ...args])
  }

  async function counts(): Promise<SessionCounts> {
    const session = (await broker.control.listSessions()).find(({ id }) => id === broker.sessionID)
    if (session === undefined) throw new Error('The session is gone.')
    return session.counts
  }
})
