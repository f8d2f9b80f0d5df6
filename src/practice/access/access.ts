import type { IncomingHttpHeaders } from 'node:http'
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'
import type { KubeObject } from '../state/objects.ts'
import type { PolicyRule } from './rules.ts'
import type { TokenSigner } from './tokens.ts'

/** user.Info (k8s.io/apiserver pkg/authentication/user). */
export interface User {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** What a request says about its caller. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders
  /** Values of repeated headers, names in lower case. */
  readonly distinct: Readonly<Record<string, readonly string[] | undefined>>
  /** The client certificate, when it was signed by the cluster's authority. */
  readonly certificate: PeerCertificate | DetailedPeerCertificate | undefined
  /** A client certificate was shown that the authority did not sign or that has expired. */
  readonly certificateRejected?: boolean
}

/** Who calls: the user who acts, and the one who authenticated when another is impersonated. */
export interface Caller {
  readonly user: User
  readonly impersonator?: User
}

/** authorizer.Attributes: what is asked, before anyone looks whether it exists. */
export interface Attributes {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** The whole path; for requests of no resource it is all there is. */
  readonly path: string
  readonly isResource: boolean
}

export interface Verdict {
  readonly allowed: boolean
  /** As RBAC gives it; empty when nothing allows. */
  readonly reason: string
}

/** An object that is about to be stored, after patches and defaults. */
export interface Admission {
  readonly user: User
  /** The verb of the request; a patch or update may create. */
  readonly verb: string
  /** `group/plural`, see resourceKey. */
  readonly key: string
  readonly version: string
  readonly subresource: string
  readonly object: KubeObject
  /** What it replaces; absent on create. */
  readonly old?: KubeObject
}

/** Rules that hold for someone in a namespace, and what could not be found while gathering them. */
export interface Held {
  readonly rules: readonly PolicyRule[]
  readonly problems: readonly string[]
}

/** Who a token stands for, and the audiences it was asked about that it is meant for. */
export interface TokenHolder {
  readonly user: User
  readonly audiences: readonly string[]
}

/** Authentication, impersonation and authorisation of the cluster. */
export interface Access {
  /** The caller; ApiFailure 401 without valid credentials, 403 when the impersonation is not allowed. */
  identify(credentials: Credentials): Caller
  authorize(user: User, attributes: Attributes): Verdict
  /** The object as it may be stored (who asks for a certificate is filled in); ApiFailure 403 for rights not held. */
  admit(admission: Admission): KubeObject
  /** The rules a user has in a namespace; with an empty namespace those that hold everywhere. */
  held(user: User, namespace: string): Held
  /** Who a bearer token stands for; a text tells why it stands for nobody. */
  holder(token: string, audiences: readonly string[]): TokenHolder | string
  /** Signs service account tokens. */
  readonly signer: TokenSigner
}
