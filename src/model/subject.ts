/**
 * How a Subject proved who it is. `local` = the operating-system user that started the broker, `jwt` = a token of an
 * issuer that the configuration trusts, `token-review` = a token that the cluster itself knows.
 */
export type AuthenticatedBy = 'local' | 'session-token' | 'reviewer-token' | 'jwt' | 'token-review'

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

/** True when both are the same human for separation of duties: same name, or one acts on behalf of the other. */
export function samePerson(a: Subject, b: Subject): boolean {
  const humans = (subject: Subject) => [subject.name, ...(subject.onBehalfOf === undefined ? [] : [subject.onBehalfOf])]
  const other = new Set(humans(b))
  return humans(a).some((name) => other.has(name))
}
