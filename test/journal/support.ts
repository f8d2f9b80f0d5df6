import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEvent } from '../../src/model/audit.ts'
import type { CheckpointKey } from '../../src/journal/checkpoint.ts'

export const clock = { now: () => new Date('2026-11-23T06:30:00Z') }

export function newKey(): CheckpointKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const publicKey = createPublicKey(privateKey)
  return { keyID: hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex'), privateKey, publicKey }
}

export function auditEvent(auditID: string, change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/shop/pods',
    verb: 'list',
    user: { username: 'ada' },
    sourceIPs: ['127.0.0.1'],
    userAgent: 'kubectl/v1.31.0',
    objectRef: { resource: 'pods', namespace: 'shop', apiVersion: 'v1' },
    requestReceivedTimestamp: '2026-11-23T06:00:00.000000Z',
    stageTimestamp: '2026-11-23T06:00:00.000000Z',
    annotations: {},
    ...change,
  }
}

/** A journal folder that is not there yet, removed with all in it. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const parent = await mkdtemp(join(tmpdir(), 'journal-'))
  return {
    path: join(parent, 'journal'),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  }
}

export async function segmentsOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort()
}

/** All whole lines of the journal, in order. */
export async function linesOf(folder: string): Promise<string[]> {
  const texts = await Promise.all((await segmentsOf(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((text) => text.split('\n').slice(0, -1))
}
