import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import type { Upstream } from './port.ts'

/** A user as the cluster knows it (authentication.k8s.io/v1 UserInfo). */
export interface ReviewedUser {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

const reviewSchema = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    audiences: z.array(z.string()).default([]),
    user: z
      .object({
        username: z.string().default(''),
        uid: z.string().default(''),
        groups: z.array(z.string()).default([]),
        extra: z.record(z.string(), z.array(z.string())).default({}),
      })
      .optional(),
  }),
})

const TIMEOUT_MS = 8_000
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Asks the cluster who holds a token (authentication.k8s.io/v1 TokenReview), with the broker's own credential. Undefined when
 * nobody does, or when the token is for none of the audiences. Rejects with ERR_UPSTREAM_*.
 */
export async function reviewToken(
  upstream: Upstream,
  token: string,
  audiences: readonly string[],
): Promise<ReviewedUser | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } }
  const { statusCode, body } = await upstream.request({
    method: 'POST',
    target: '/apis/authentication.k8s.io/v1/tokenreviews',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(review)),
    longRunning: false,
    party: 'token-review',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const text = await textOf(body)
  if (statusCode !== 201) throw notReviewed(`the API server answers ${statusCode}`)
  const { authenticated, audiences: granted, user } = reviewSchema.parse(JSON.parse(text)).status
  // An API server that knows nothing of audiences answers none, and would take its own tokens for ours.
  if (!authenticated || user === undefined || !granted.some((one) => audiences.includes(one))) return undefined
  return user
}

async function textOf(body: AsyncIterable<Uint8Array> & { destroy(): void }): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) {
      body.destroy()
      throw notReviewed('its answer is larger than is read')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function notReviewed(why: string): Fault {
  return new Fault('ERR_UPSTREAM_CREDENTIAL', `The cluster does not say whose token this is: ${why}.`, {
    advice: 'The credential of the broker must be allowed to create tokenreviews.authentication.k8s.io.',
  })
}
