import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBroker, type BrokerOptions } from '../../src/broker.ts'
import { prepareState } from '../../src/config/state.ts'
import { connectControl } from '../../src/control/client.ts'
import type { ControlClient } from '../../src/control/contract.ts'
import { localSubject } from '../../src/identity/local.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { writeSessionKubeconfig } from '../../src/terminal/kubeconfig.ts'
import { temporaryFolder } from '../support/tmp.ts'

/**
 * Everything is allowed, writing over secrets too, so that what differs from a direct connection is the broker's own doing;
 * secrets are masked.
 */
export const openPolicy = `apiVersion: chaperone/v1
kind: AccessPolicy
metadata: {name: open}
rules:
- name: objects
  subjects: [{group: "*"}]
  match: {verbs: ["*"], apiGroups: ["*"], resources: ["*"]}
  effect: allow
  obligations: [{mask: secrets}]
- name: paths
  subjects: [{group: "*"}]
  match: {verbs: ["*"], nonResourceURLs: ["*"]}
  effect: allow
---
${(builtinSource.text.split('\n---\n').at(-1) ?? '').replace('"stringData.*"]', '"stringData.*"], writes: allow')}`

/** As above, and nothing is masked: for clients that keep their own state in secrets. */
export const unmaskedPolicy = openPolicy.replace('  obligations: [{mask: secrets}]\n', '')

/** A broker in this process, and the kubeconfig of one session on it. */
export interface Through extends AsyncDisposable {
  readonly kubeconfig: string
  readonly endpoint: string
  readonly token: string
  readonly sessionID: string
  /** As the operator. */
  readonly control: ControlClient
  readonly caPem: string
  /** The state folder, with the journal in it. */
  readonly state: string
}

/** Puts a broker in front of the cluster of a kubeconfig text. */
export async function through(
  kubeconfig: string,
  policy = openPolicy,
  more: Pick<BrokerOptions, 'identity' | 'impersonate'> = {},
): Promise<Through> {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await temporaryFolder())
  const [source, rules, state] = ['cluster', 'policy.yaml', 'state'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(source, kubeconfig, { mode: 0o600 })
  if (policy !== '') await writeFile(rules, policy)
  const operatorToken = randomBytes(24).toString('base64url')
  const broker = await startBroker({
    version: 'test',
    folders: await prepareState(state, process.getuid?.() ?? 0),
    operator: localSubject({ name: 'operator', uid: process.getuid?.() ?? 0 }),
    operatorToken,
    practice: undefined,
    upstream: { kubeconfigPaths: [source], context: undefined },
    environment: {},
    listen: { host: '127.0.0.1', port: 0 },
    policyFiles: policy === '' ? [] : [rules],
    ...more,
    warn: (sentence) => {
      throw new Error(`The broker warns: ${sentence}`)
    },
  })
  parts.defer(() => broker.close())
  const caPem = await readFile(broker.caFile, 'utf8')
  const control = parts.use(connectControl({ endpoint: broker.control, caPem, token: operatorToken }))
  const { token, session } = await control.beginSession({ kind: 'run', command: ['story'], waitMs: 0 })
  const { path } = await writeSessionKubeconfig({
    folder: join(folder.path, 'session'),
    server: broker.endpoint,
    caPem,
    token,
    contextName: 'through',
  })
  const sessionKubeconfig = await readFile(path, 'utf8')
  const opened = parts.move()
  return {
    kubeconfig: sessionKubeconfig,
    endpoint: broker.endpoint,
    token,
    sessionID: session.id,
    control,
    caPem,
    state,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
