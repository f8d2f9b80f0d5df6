import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'

export interface SessionKubeconfig {
  readonly path: string
  /** Removes the file and its folder; the token in it is dead by then. */
  remove(): Promise<void>
}

/**
 * Writes the kubeconfig of one session: the broker's address, its CA, and a token that works only there and only while
 * the session runs. JSON, which is YAML. Throws ERR_STATE when it cannot be written.
 */
export async function writeSessionKubeconfig(options: {
  /** Made with mode 0700, for this session alone. */
  readonly folder: string
  readonly server: string
  readonly caPem: string
  readonly token: string
  readonly contextName: string
}): Promise<SessionKubeconfig> {
  const { folder, contextName: name } = options
  const path = join(folder, 'kubeconfig')
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: {
          server: options.server,
          'certificate-authority-data': Buffer.from(options.caPem).toString('base64'),
        },
      },
    ],
    users: [{ name, user: { token: options.token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  } catch (cause) {
    throw new Fault(
      'ERR_STATE',
      `Cannot write ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
      {
        advice: 'Make the state folder writable, free some space, or choose another with --state DIR.',
        cause,
      },
    )
  }
  return { path, remove: () => rm(folder, { recursive: true, force: true }) }
}
