import type { ClientKind, Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/**
 * Who calls and in which session. Rejects with ERR_UNAUTHENTICATED. `authorization` is the header's raw value. `claim` is what
 * the caller says it runs: not checked.
 */
export type Identify = (authorization: string | undefined) => Promise<{
  readonly subject: Subject
  readonly session: Session
  readonly claim?: CommandClaim
}>

/** The process that a caller says it is, and its words. */
export interface CommandClaim {
  /** Process id and start time, as `4711.8123456`: the same for all requests of one command. */
  readonly process: string
  readonly words: readonly string[]
}

/** A subject's own token for a credential of the broker. */
export interface ExchangeAsk {
  readonly subjectToken: string
  readonly kind: ClientKind
  /** Milliseconds a held request keeps its client waiting; cut to what the credential lives. */
  readonly waitMs: number
  /** Why, in the caller's words. */
  readonly reason?: string
  /** The session to prolong. */
  readonly sessionID?: string
  /** Where the call comes from. */
  readonly address: string
}

export interface ExchangeGrant {
  readonly subject: Subject
  readonly sessionID: string
  /** A bearer token for the data plane. */
  readonly token: string
  /** RFC 3339. */
  readonly expiresAt: string
}

/** Rejects with ERR_UNAUTHENTICATED, ERR_FORBIDDEN (another's session) or ERR_QUOTA. */
export type Exchange = (ask: ExchangeAsk) => Promise<ExchangeGrant>

/** Verifies what a caller brings to prove who it is. */
export interface Authenticators {
  /** Rejects with ERR_UNAUTHENTICATED; the message says why and holds nothing of the token but its issuer. */
  verify(token: string): Promise<Subject>
}

/** A value from one claim, with a prefix before it, or from a CEL expression over `claims`. */
export type ClaimMapping =
  { readonly claim: string; readonly prefix: string } | { readonly expression: string; readonly prefix?: never }

/**
 * One issuer of tokens, in the shape of `jwt[]` of Kubernetes' AuthenticationConfiguration
 * (apiserver.config.k8s.io/v1). `claimMappings.onBehalfOf`, `reservedNames` and `authorizedParties` are Chaperone's own.
 */
export interface IssuerConfig {
  readonly issuer: {
    /** Equal to the claim `iss`. */
    readonly url: string
    /** Where the discovery document is, when it is not below `url`. */
    readonly discoveryURL?: string
    /** PEM; absent = the authorities of the system. */
    readonly certificateAuthority?: string
    readonly audiences: readonly string[]
  }
  readonly claimValidationRules: readonly (
    | { readonly claim: string; readonly requiredValue: string }
    | { readonly expression: string; readonly message: string }
  )[]
  readonly claimMappings: {
    readonly username: ClaimMapping
    readonly groups?: ClaimMapping
    readonly uid?: { readonly claim: string } | { readonly expression: string }
    readonly extra: readonly { readonly key: string; readonly valueExpression: string }[]
    /** The human for whom the subject acts. */
    readonly onBehalfOf?: { readonly claim: string } | { readonly expression: string }
  }
  readonly userValidationRules: readonly { readonly expression: string; readonly message: string }[]
  /** Names that begin with `system:` or `chaperone:` and may come out all the same; `*` at the end stands for any rest. */
  readonly reservedNames: readonly string[]
  /** What the claim `azp` may be, where a token has one; absent = one of the audiences. */
  readonly authorizedParties?: readonly string[]
}

/** The OpenID Connect provider where people sign in, and what Chaperone is to it: a public client. */
export interface PeopleConfig {
  /** Equal to the claim `iss`. */
  readonly issuer: string
  readonly clientID: string
  /** Besides `openid`; absent = profile, email, and offline_access where the provider has it. */
  readonly scopes?: readonly string[]
  /** PEM; absent = the authorities of the system. */
  readonly certificateAuthority?: string
}

/** People and machines of a team without a provider, each known by a key (Ed25519, RFC 8032) of theirs. */
export interface SubjectList {
  /** Of the tokens that count here: those that were made for another file do not. */
  readonly audience: string
  readonly subjects: readonly ListedSubject[]
}

export interface ListedSubject {
  readonly name: string
  readonly groups: readonly string[]
  /** Base64 of its SubjectPublicKeyInfo (DER). */
  readonly publicKey: string
}
