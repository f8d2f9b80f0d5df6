/** What opens the API server at this moment. PEM texts. */
export interface Credential {
  readonly token?: string
  readonly certificate?: { readonly cert: string; readonly key: string }
}

/** Where the credential comes from. */
export interface CredentialSource {
  /**
   * Asked before each request: token files rotate, plugins renew.
   *
   * @throws Fault ERR_UPSTREAM_CREDENTIAL, ERR_KUBECONFIG.
   */
  current(): Promise<Credential>
  /** The API server did not accept this one; it is not given out again. The request is not repeated. */
  refused(credential: Credential): void
}

/** A source that gives what it is asked for each time, and has nothing better when that is refused. */
export function credentialFrom(current: () => Promise<Credential>): CredentialSource {
  return { current, refused: () => {} }
}
