import { randomBytes } from 'node:crypto'
import { AuditFile } from './access/audit-file.ts'
import { MemoryAuditLog, type AuditEvent } from './access/audit-log.ts'
import { podToken } from './access/pod-token.ts'
import { RbacAccess } from './access/rbac.ts'
import type { Cluster } from './cluster.ts'
import { LocalRuntime } from './containers/local.ts'
import { Registry } from './resources/registry.ts'
import { issueCertificates } from './transport/certificates.ts'
import { startControllers } from './controllers/controllers.ts'
import { clientCertificateName, kubeconfig } from './transport/kubeconfig.ts'
import { seed } from './seed/seed.ts'
import { Store } from './state/store.ts'
import { listen } from './transport/listener.ts'

export interface PracticeOptions {
  /** Address to listen on, and the name in the server certificate. */
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
  /** The cluster's clock, for ages and timestamps; certificates are valid by the machine's own. */
  readonly now?: () => Date
  /** File to which every audit event is appended as one line of JSON. */
  readonly auditLog?: string
}

export interface PracticeCluster {
  /** `https://host:port`. */
  readonly url: string
  readonly caPem: string
  /** YAML text; context `practice` uses the bearer token, `practice-cert` a client certificate. */
  readonly kubeconfig: string
  /** The cluster's own audit log (audit.k8s.io/v1), newest last; the oldest go after ten thousand. */
  auditEvents(): readonly AuditEvent[]
  /** Ends every connection, watch and timer. */
  close(): Promise<void>
}

/**
 * Starts the practice cluster: a Kubernetes-API-compatible HTTPS server with its own certificate authority and a
 * freshly seeded state in memory. Rejects with the listener's error (EADDRINUSE, EACCES) when it cannot listen.
 */
export async function startPractice(options: PracticeOptions): Promise<PracticeCluster> {
  const { host, port, now = () => new Date(), auditLog } = options
  const certificates = await issueCertificates(host, clientCertificateName, new Date())
  const adminToken = randomBytes(24).toString('base64url')
  const store = new Store()
  const access = new RbacAccess({ store, adminToken, now })
  const auditFile = auditLog === undefined ? undefined : await AuditFile.open(auditLog)
  const audit = new MemoryAuditLog(now, (event) => auditFile?.append(event))
  const cluster: Cluster = {
    store,
    registry: new Registry(),
    runtime: new LocalRuntime({ store, now, token: (pod) => podToken(access, store, pod, now()) }),
    access,
    audit,
    now,
  }
  seed(cluster.store, now())
  const controllers = startControllers(cluster, { store, access, caPem: certificates.caPem, sign: certificates.sign })
  const listener = await listen({ host, port }, certificates, cluster).catch(async (failure: unknown) => {
    controllers.close()
    cluster.runtime.close()
    await auditFile?.close()
    throw failure
  })
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${listener.port}`
  return {
    url,
    caPem: certificates.caPem,
    auditEvents: () => audit.events,
    kubeconfig: kubeconfig(url, adminToken, certificates),
    close: async () => {
      controllers.close()
      cluster.runtime.close()
      await listener.close()
      await auditFile?.close()
    },
  }
}
