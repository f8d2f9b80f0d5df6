import { z } from 'zod'
import { detectorNames } from '../model/detector.ts'
import { durationMs, MAX_HOLD_MS } from './duration.ts'
import { parseMaskPath } from './mask-path.ts'

/**
 * Verbs a rule may name: those of RequestInfo, those of non-resource requests, and the ones that RBAC knows beside
 * them. Any other word is a typing mistake, and a mistyped deny would be a hole.
 */
const verbs = [
  '*',
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'proxy',
  'post',
  'put',
  'head',
  'options',
  'bind',
  'escalate',
  'impersonate',
  'approve',
  'sign',
] as const
const effects = ['read', 'create', 'write', 'exec', 'stream', 'reveal'] as const

const texts = z.array(z.string().min(1)).min(1)
const metadata = z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'is not a DNS name') })

const someone = z
  .strictObject({ group: z.string().min(1).optional(), user: z.string().min(1).optional() })
  .refine(({ group, user }) => (group === undefined) !== (user === undefined), 'names one group or one user')

const duration = z
  .string()
  .refine((text) => durationMs(text) !== undefined, 'is not a duration like 90s, 15m or 1h30m')
  .refine((text) => (durationMs(text) ?? 1) > 0 && (durationMs(text) ?? 0) <= MAX_HOLD_MS, 'is not between 1ms and 24h')

const approval = z
  .strictObject({
    reviewers: z.array(someone).min(1).optional(),
    count: z.number().int().min(1).max(10).optional(),
    confirm: z.literal('self').optional(),
    expiresAfter: duration.default('15m'),
  })
  .refine(
    ({ reviewers, confirm }) => (reviewers === undefined) !== (confirm === undefined),
    'has either reviewers or confirm: self',
  )
  .refine(({ count, confirm }) => count === undefined || confirm === undefined, 'has a count only with reviewers')

const match = z
  .strictObject({
    verbs: z.array(z.enum(verbs)).min(1),
    apiGroups: z.array(z.string()).min(1).optional(),
    resources: z
      .array(
        z.string().regex(/^(\*|[a-z0-9.-]+)(\/(\*|[a-z0-9-]+))?$/, 'is not a resource like pods, pods/log or */status'),
      )
      .min(1)
      .optional(),
    namespaces: z.array(z.string()).min(1).optional(),
    names: texts.optional(),
    effects: z.array(z.enum(effects)).min(1).optional(),
    nonResourceURLs: z
      .array(z.string().regex(/^(\*|\/[^*]*\*?)$/, 'is not a path, with * only at its end'))
      .min(1)
      .optional(),
  })
  .refine(
    ({ resources, nonResourceURLs }) => (resources === undefined) !== (nonResourceURLs === undefined),
    'has either resources or nonResourceURLs',
  )
  .refine(
    ({ resources, apiGroups }) => (resources === undefined) === (apiGroups === undefined),
    'resources and apiGroups go together (the core group is "")',
  )
  .refine(
    ({ nonResourceURLs, namespaces, names }) =>
      nonResourceURLs === undefined || (namespaces === undefined && names === undefined),
    'has namespaces and names only with resources',
  )

const limit = z
  .strictObject({
    requests: z.number().int().min(1).max(1000).optional(),
    per: duration.optional(),
    by: z.enum(['subject', 'session']).optional().describe('Whose requests count together; default subject.'),
    objects: z.number().int().min(1).max(500).optional().describe('Objects that one deletecollection may take.'),
    over: z.enum(['deny', 'hold']).optional().describe('What becomes of a request over the limit; default deny.'),
  })
  .refine(
    ({ requests, per }) => (requests === undefined) === (per === undefined),
    'has requests exactly when it has per',
  )
  .refine(({ requests, objects }) => requests !== undefined || objects !== undefined, 'limits requests or objects')
  .refine(({ requests, by }) => requests !== undefined || by === undefined, 'has by only with requests')

const rule = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'is not lower-case letters, digits and dashes'),
    subjects: z.array(someone).min(1),
    match,
    when: z.string().min(1).optional(),
    effect: z.enum(['allow', 'hold', 'deny']),
    approval: approval.optional(),
    obligations: z.array(z.strictObject({ mask: z.string().min(1) })).optional(),
    limit: limit.optional().describe('How much passes, whatever other rules allow.'),
    requireReason: z.boolean().optional().describe('Only sessions that say why (--reason) pass.'),
    requireWatcher: z.boolean().optional().describe('Only while a reviewer other than the caller looks on.'),
    message: z.string().min(1).max(500).optional(),
  })
  .refine(
    ({ effect, approval, limit }) => (effect === 'hold' || limit?.over === 'hold') === (approval !== undefined),
    'has an approval exactly when its effect is hold, or what is over its limit is held',
  )
  .refine(
    ({ effect, obligations }) => effect !== 'deny' || obligations === undefined,
    'has no obligations when its effect is deny',
  )
  .refine(({ effect, limit }) => effect === 'allow' || limit === undefined, 'has a limit only when its effect is allow')
  .refine(
    ({ effect, requireReason, requireWatcher }) =>
      effect !== 'deny' || (requireReason === undefined && requireWatcher === undefined),
    'requires nothing when its effect is deny',
  )

const apiVersion = z.literal('chaperone/v1')

/** A document of kind AccessPolicy, see DESIGN: rules whose strictest speaks. */
export const accessPolicy = z.strictObject({
  apiVersion,
  kind: z.literal('AccessPolicy'),
  metadata,
  rules: z.array(rule).min(1),
})

/** A document of kind MaskSet: fields whose values callers do not see. */
export const maskSet = z.strictObject({
  apiVersion,
  kind: z.literal('MaskSet'),
  metadata,
  fields: z
    .array(
      z.strictObject({
        apiGroup: z.string(),
        resource: z.string().regex(/^(\*|[a-z0-9.-]+)$/, 'is not a resource without subresource'),
        paths: z
          .array(
            z
              .string()
              .refine(
                (path) => parseMaskPath(path) !== undefined,
                'is not a path like data.* or metadata.annotations[*token*]',
              ),
          )
          .min(1),
        keys: z.array(z.string().regex(/[^*]/, 'is a name like *password*')).min(1).optional(),
        detectors: z.array(z.enum(detectorNames)).min(1).optional(),
        writes: z
          .enum(['hold', 'allow'])
          .optional()
          .describe('Whether writing over what is hidden whole waits for a confirmation; default hold.'),
      }),
    )
    .min(1),
})

export type AccessPolicySource = z.infer<typeof accessPolicy>
export type RuleSource = z.infer<typeof rule>
export type MaskSetSource = z.infer<typeof maskSet>

/** Every key of the two kinds, for suggestions. */
export const knownKeys = [
  ...Object.keys(accessPolicy.shape),
  ...Object.keys(maskSet.shape),
  ...Object.keys(rule.shape),
  ...Object.keys(match.shape),
  ...Object.keys(approval.shape),
  ...Object.keys(limit.shape),
  'name',
  'group',
  'user',
  'mask',
  'apiGroup',
  'resource',
  'paths',
  'keys',
  'detectors',
  'writes',
]
