import type { Store } from '../state/store.ts'
import type { Access, Admission, Attributes, Credentials, User } from './access.ts'
import { refuseEscalation } from './admission.ts'
import { Authenticator } from './authentication.ts'
import { Authorizer } from './authorizer.ts'
import { requested, requestKey } from './certificate-requests.ts'
import { impersonated } from './impersonation.ts'
import { organisationsOf } from '../transport/requests.ts'
import { TokenSigner } from './tokens.ts'

interface Given {
  readonly store: Store
  readonly adminToken: string
  readonly now: () => Date
}

/** The access rules of the cluster: its callers, and RBAC over the roles and bindings in its store. */
export class RbacAccess implements Access {
  readonly signer = new TokenSigner()
  readonly #authenticator: Authenticator
  readonly #authorizer: Authorizer

  constructor({ store, adminToken, now }: Given) {
    this.#authenticator = new Authenticator(adminToken, { store, signer: this.signer, now })
    this.#authorizer = new Authorizer(store)
  }

  identify(credentials: Credentials) {
    const user = this.#authenticator.user(credentials)
    return impersonated(user, credentials, (who, attributes) => this.authorize(who, attributes))
  }

  authorize(user: User, attributes: Attributes) {
    return this.#authorizer.authorize(user, attributes)
  }

  admit(admission: Admission) {
    refuseEscalation(this.#authorizer, admission)
    return admission.key === requestKey ? requested(admission, organisationsOf) : admission.object
  }

  held(user: User, namespace: string) {
    return this.#authorizer.held(user, namespace)
  }

  holder(token: string, audiences: readonly string[]) {
    return this.#authenticator.holder(token, audiences)
  }
}
