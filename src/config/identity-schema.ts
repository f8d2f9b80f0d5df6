import { z } from 'zod'

const text = z.string().min(1)
const url = z.url({ protocol: /^https$/, error: 'must be an https URL' })
const either = (names: string) => `give one of ${names}, and only one`

const singleMapping = z
  .strictObject({ claim: text.optional(), expression: text.optional() })
  .refine(({ claim, expression }) => (claim === undefined) !== (expression === undefined), either('claim, expression'))
const prefixedMapping = z
  .strictObject({
    claim: text.optional(),
    prefix: z.string().optional().describe('Put before the claim; "" for none. Required with claim.'),
    expression: text.optional().describe('CEL over claims, instead of claim and prefix.'),
  })
  .refine(({ claim, expression }) => (claim === undefined) !== (expression === undefined), either('claim, expression'))
  .refine(
    ({ claim, prefix }) => (claim === undefined) === (prefix === undefined),
    'a claim needs a prefix, which may be "", and an expression has none',
  )

const issuer = z.strictObject({
  issuer: z.strictObject({
    url: url.describe('Equal to the claim iss of its tokens.'),
    discoveryURL: url.optional().describe('Where its discovery document is, when it is not below url.'),
    certificateAuthority: text.optional().describe('PEM; default: the authorities of the system.'),
    audiences: z.array(text).min(1).describe('A token must be made for one of these.'),
    audienceMatchPolicy: z.literal('MatchAny').optional().describe('Required with more than one audience.'),
  }),
  claimValidationRules: z
    .array(
      z
        .strictObject({
          claim: text.optional(),
          requiredValue: z.string().optional(),
          expression: text.optional(),
          message: z.string().optional(),
        })
        .refine(
          ({ claim, expression }) => (claim === undefined) !== (expression === undefined),
          either('claim, expression'),
        ),
    )
    .optional()
    .describe('What must hold of the claims; all of them.'),
  claimMappings: z
    .strictObject({
      username: prefixedMapping,
      groups: prefixedMapping.optional(),
      uid: singleMapping.optional(),
      extra: z
        .array(
          z.strictObject({
            key: z
              .string()
              .regex(/^[a-z0-9.-]+\/[a-z0-9._/-]+$/, 'must be a domain, a slash and a name, in lower case')
              .describe('Like chaperone/repository.'),
            valueExpression: text.describe('CEL over claims: a text or a list of texts.'),
          }),
        )
        .optional(),
      onBehalfOf: singleMapping.optional().describe('The human for whom the subject acts; may not review for it.'),
    })
    .describe('How the claims become a subject.'),
  userValidationRules: z
    .array(z.strictObject({ expression: text, message: z.string().optional() }))
    .optional()
    .describe('What must hold of the subject, as user.'),
  reservedNames: z
    .array(text)
    .optional()
    .describe('Names beginning with system: or chaperone: that may come out; * at the end for any rest.'),
  authorizedParties: z.array(text).optional().describe('What the claim azp may be; default: the audiences.'),
})

const people = z
  .strictObject({
    issuer: url.describe('Equal to the url of an entry of jwt.'),
    clientID: text.describe('The public client (RFC 6749 section 2.1) that chaperone is to the provider.'),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one word'))
      .optional()
      .describe('Asked for besides openid; default: profile, email, and offline_access where the provider has it.'),
    certificateAuthority: text.optional().describe('PEM; default: that of the entry of jwt.'),
  })
  .describe('The OpenID Connect provider where people sign in: `chaperone login`.')

/** Whom the broker trusts to say who calls, in the shape of Kubernetes' AuthenticationConfiguration. */
export const identitySchema = z
  .strictObject({
    people: people.optional(),
    subjects: text
      .optional()
      .describe('Subjects file of a team without a provider, relative to this file; see `chaperone subject`.'),
    jwt: z.array(issuer).optional().describe('Issuers of tokens, as in AuthenticationConfiguration of Kubernetes.'),
    tokenReview: z
      .strictObject({
        audiences: z.array(text).min(1).describe('A token must be made for one of these; not the cluster’s own.'),
        reservedNames: z
          .array(text)
          .min(1)
          .describe('Users and groups that may come out, as system:serviceaccount:ci:*.'),
      })
      .optional()
      .describe('Asks the cluster who holds a service account token (TokenReview).'),
    credentialLifetime: z
      .string()
      .regex(/^(\d+(s|m|h))+$/, 'must be a duration, like 10m')
      .optional()
      .describe('How long a credential lives; default 10m, at most 1h.'),
  })
  .superRefine(({ people: asked, jwt = [], subjects }, context) => {
    if (asked === undefined) return
    if (subjects !== undefined) {
      const message = 'people sign in at a provider already; leave out people or subjects'
      context.addIssue({ code: 'custom', path: ['subjects'], message })
    }
    const entry = jwt.find(({ issuer: { url: one } }) => one === asked.issuer)
    const problem = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['people', key], message })
    if (entry === undefined) {
      problem(
        'issuer',
        `jwt has no entry for it; add one with issuer: {url: ${asked.issuer}, audiences: [${asked.clientID}]}`,
      )
    } else if (!entry.issuer.audiences.includes(asked.clientID)) {
      problem('clientID', `the entry of jwt does not take tokens for it; add ${asked.clientID} to its audiences`)
    }
  })

export type IdentityFile = z.infer<typeof identitySchema>
