import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/** Who calls and in which session. Rejects with ERR_UNAUTHENTICATED. `authorization` is the header's raw value. */
export type Identify = (authorization: string | undefined) => Promise<{ subject: Subject; session: Session }>

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
