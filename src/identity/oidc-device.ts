import * as oidc from 'openid-client'
import { Fault } from '../model/fault.ts'
import { signInFault } from './oidc-fault.ts'
import { tokensOf, type Provider, type Tokens } from './oidc.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface DeviceOptions {
  /** Shows the person where to go, on whatever device, and what to enter there. */
  readonly show: (prompt: { readonly url: string; readonly code: string }) => void
  /** Aborts with the Fault to be told. */
  readonly signal: AbortSignal
}

export function hasDeviceFlow({ client }: Provider): boolean {
  return client.serverMetadata().device_authorization_endpoint !== undefined
}

/** Signs a person in with a browser on any other device (RFC 8628). Rejects with a Fault. */
export async function signInByDevice(provider: Provider, { show, signal }: DeviceOptions): Promise<Tokens> {
  const { client, people, scope } = provider
  if (!hasDeviceFlow(provider)) {
    throw new Fault('ERR_UNAUTHENTICATED', `The provider ${people.issuer} has no sign-in for devices.`, {
      advice: 'Leave out --device, and open the address that is printed on this machine.',
    })
  }
  try {
    const asked = await oidc.initiateDeviceAuthorization(client, { scope })
    show({ url: asked.verification_uri, code: asked.user_code })
    const polling = oidc.pollDeviceAuthorizationGrant(client, asked, undefined, { signal })
    // It looks at the signal only between two questions.
    return tokensOf(await unlessAborted(polling, signal))
  } catch (thrown) {
    throw signInFault(thrown, people.issuer)
  }
}
