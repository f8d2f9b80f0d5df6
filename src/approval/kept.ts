import { z } from 'zod'
import type { HeldRequest, HeldState } from '../model/held.ts'

/** A held request as the store keeps it. */
export interface Kept {
  readonly held: HeldRequest
  /** The API server it was meant for: an approval for one cluster is none for another. */
  readonly cluster: string
}

const states = [
  'pending',
  'approved',
  'executing',
  'completed',
  'failed',
  'denied',
  'expired',
  'withdrawn',
  'unknown',
] as const satisfies readonly HeldState[]

const subject = z.looseObject({ name: z.string(), uid: z.string(), groups: z.array(z.string()) })
const keptSchema = z.strictObject({
  cluster: z.string(),
  held: z.looseObject({
    id: z.string(),
    subject,
    request: z.looseObject({ kind: z.enum(['resource', 'non-resource']) }),
    digest: z.string().length(64),
    requirement: z.looseObject({ kind: z.enum(['review', 'confirm']) }),
    reasons: z.array(z.looseObject({ code: z.string() })),
    reviews: z.array(z.looseObject({ reviewer: subject, verdict: z.enum(['approve', 'deny']) })),
    state: z.enum(states),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    waiting: z.boolean(),
    untold: z.boolean().optional(),
  }),
})

/** Checks what a wrong approval could come from; everything else is only shown. Throws when it is not as it was written. */
export function parseKept(value: unknown): Kept {
  keptSchema.parse(value)
  return value as Kept
}

/** What became of a held request while no broker ran; undefined when it stays as it is. */
export function fateAfterRestart(kept: Kept, cluster: string, now: Date): Partial<HeldRequest> | undefined {
  const { held } = kept
  if (held.state === 'executing') {
    const outcome = 'The broker stopped while the request ran. Look at the cluster to see whether it took effect.'
    return { state: 'unknown', waiting: false, outcome }
  }
  if (held.state !== 'pending' && held.state !== 'approved') return undefined
  if (now >= new Date(held.expiresAt)) return { state: 'expired', waiting: false, outcome: expiredSentence }
  if (held.waiting) {
    return { state: 'withdrawn', waiting: false, outcome: 'The broker stopped, and the client that waited is gone.' }
  }
  if (kept.cluster !== cluster) {
    return { state: 'withdrawn', outcome: 'The broker was started for another cluster.' }
  }
  return undefined
}

export const expiredSentence = 'Nobody decided in time.'
