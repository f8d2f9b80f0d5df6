/** Whom the cluster takes for the caller, and by whose rights it decides (Kubernetes' user impersonation). */
export interface Impersonation {
  readonly user: string
  /** Empty = none. */
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** One request for the API server; credentials are added by the upstream itself. */
export interface UpstreamRequest {
  readonly method: string
  /** Path and query, rebuilt from judged values. */
  readonly target: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** True for watches and streams: no limit on the time until the first byte or between bytes. */
  readonly longRunning: boolean
  readonly signal?: AbortSignal
  /** Whose request it is, a session's id: connections are shared out between them. */
  readonly party: string
  /** For whom the cluster acts; absent = for the broker's own credential. */
  readonly as?: Impersonation
}

export interface UpstreamAnswer {
  readonly statusCode: number
  /** Lower-case names; repeated headers as arrays. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Pulled, not pushed: what is not read is not fetched. Ends with a Fault when the connection breaks. */
  readonly body: AsyncIterable<Uint8Array> & { destroy(): void }
}

/** The API server, as one kubeconfig context reaches it. */
export interface Upstream {
  /** Name of the kubeconfig context. */
  readonly context: string
  /** URL of the API server. */
  readonly server: string
  /**
   * Which API server this is: URL, name in its certificate where the kubeconfig gives one, SHA-256 (hex) of the CA
   * PEM, or `system`, and the proxy on the way. Two clusters reached over one URL, as through tunnels, differ in those.
   */
  readonly identity: string
  /**
   * GET /version, for start-up and doctor.
   *
   * @throws Fault ERR_UPSTREAM_UNREACHABLE, ERR_UPSTREAM_TIMEOUT, ERR_UPSTREAM_CERTIFICATE, ERR_UPSTREAM_CREDENTIAL.
   */
  ping(): Promise<void>
  /** Sends once, never repeats. Rejects with the same Faults as `ping`, but hands on every HTTP status as it is. */
  request(request: UpstreamRequest): Promise<UpstreamAnswer>
  close(): Promise<void>
}
