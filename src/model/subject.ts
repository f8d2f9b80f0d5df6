/**
 * How a Subject proved who it is. `local` = the operating-system user that started the broker, `jwt` = a token of an
 * issuer that the configuration trusts, `token-review` = a token that the cluster itself knows, `key` = a key of the subjects file.
 */
export type AuthenticatedBy = 'local' | 'session-token' | 'reviewer-token' | 'jwt' | 'token-review' | 'key'

/** The authenticated caller, in the shape of Kubernetes' user.Info. */
export interface Subject {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
  readonly authenticatedBy: AuthenticatedBy
  /** For an agent: the name of the human it acts for. A review by that human counts as a review by the agent itself. */
  readonly onBehalfOf?: string
}

/**
 * True when both are the same human for separation of duties: same name, however they proved it and in whatever case it is
 * written (Unicode, NFKC), or one acts on behalf of the other, or the provider says that both names are one (uid).
 */
export function samePerson(a: Subject, b: Subject): boolean {
  const isSameAtProvider = a.authenticatedBy === 'jwt' && b.authenticatedBy === 'jwt' && a.uid !== '' && a.uid === b.uid
  const other = new Set(humansOf(b))
  return isSameAtProvider || humansOf(a).some((name) => other.has(name))
}

function humansOf({ name, onBehalfOf }: Subject): readonly string[] {
  return [name, ...(onBehalfOf === undefined ? [] : [onBehalfOf])].map((one) => one.normalize('NFKC').toLowerCase())
}
