import { Fault } from '../model/fault.ts'
import type { Subject } from '../model/subject.ts'
import { assertName, groupsOf } from './names.ts'
import type { IssuerConfig } from './port.ts'

/** What is in a token, as parsed JSON. */
export type Claims = Readonly<Record<string, unknown>>
/** Compiles CEL; the same shape as the policy's own expressions. */
export type CompileExpression = (
  expression: string,
  variables: readonly string[],
) => ((values: Readonly<Record<string, unknown>>) => unknown) | { readonly problem: string }

type Read = (claims: Claims) => unknown
type Rule = (values: Readonly<Record<string, unknown>>) => void
type Mapping = { readonly claim: string } | { readonly expression: string }

const MAX_EXTRA = 4096

/** Makes subjects of verified claims. Throws ERR_CONFIG, naming the key, when an expression cannot be used. */
export function compileClaims(config: IssuerConfig, compile: CompileExpression): (claims: Claims) => Subject {
  const { claimMappings: mappings, reservedNames } = config
  assertVerifiedEmail(config)
  const at = (key: string) => `identity.jwt[${config.issuer.url}].${key}`
  const reader = (key: string, mapping: Mapping): Read =>
    'claim' in mapping
      ? (claims) => (Object.hasOwn(claims, mapping.claim) ? claims[mapping.claim] : undefined)
      : expressionOf(compile, at(`claimMappings.${key}.expression`), mapping.expression)
  const optional = (key: string, mapping: Mapping | undefined) =>
    mapping === undefined ? () => undefined : reader(key, mapping)

  const claimRules = config.claimValidationRules.map((rule, index) => claimRule(rule, index, compile, at))
  const username = reader('username', mappings.username)
  const groups = optional('groups', mappings.groups)
  const uid = optional('uid', mappings.uid)
  const onBehalfOf = optional('onBehalfOf', mappings.onBehalfOf)
  const extra = mappings.extra.map(({ key, valueExpression }) => ({
    key,
    read: expressionOf(compile, at(`claimMappings.extra[${key}].valueExpression`), valueExpression),
  }))
  const userRules = config.userValidationRules.map(({ expression, message }, index) =>
    expressionRule(compile, at(`userValidationRules[${index}]`), expression, message, ['user']),
  )

  return (claims) => {
    if ('claim' in mappings.username && mappings.username.claim === 'email') assertEmail(claims)
    for (const rule of claimRules) rule({ claims })
    const name = (mappings.username.prefix ?? '') + textOf('username', username(claims))
    assertName('user', name, reservedNames)
    const human = optionalText('onBehalfOf', onBehalfOf(claims))
    if (human !== '') assertName('user', human, reservedNames)
    const subject: Subject = {
      name,
      uid: optionalText('uid', uid(claims)),
      groups: groupsOf(groups(claims), mappings.groups?.prefix ?? '', reservedNames),
      extra: Object.fromEntries(
        extra.flatMap(({ key, read }) => {
          const values = textsOf(key, read(claims))
          return values.length === 0 ? [] : [[key, values] as const]
        }),
      ),
      authenticatedBy: 'jwt',
      ...(human === '' ? {} : { onBehalfOf: human }),
    }
    for (const rule of userRules) {
      rule({ user: { username: name, uid: subject.uid, groups: subject.groups, extra: subject.extra } })
    }
    return subject
  }
}

function claimRule(
  rule: IssuerConfig['claimValidationRules'][number],
  index: number,
  compile: CompileExpression,
  at: (key: string) => string,
): Rule {
  const where = at(`claimValidationRules[${index}]`)
  if ('expression' in rule) return expressionRule(compile, where, rule.expression, rule.message, ['claims'])
  const { claim, requiredValue } = rule
  return (values) => {
    const claims = values['claims'] as Claims
    if (Object.hasOwn(claims, claim) && claims[claim] === requiredValue) return
    throw refused(`The claim ${JSON.stringify(claim)} of the token is not what the configuration requires.`)
  }
}

function expressionRule(
  compile: CompileExpression,
  where: string,
  expression: string,
  message: string,
  variables: readonly string[],
): Rule {
  const evaluate = compiled(compile, `${where}.expression`, expression, variables)
  return (values) => {
    if (valueOf(where, () => evaluate(values)) === true) return
    throw refused(message === '' ? `The token does not pass ${where}.` : message)
  }
}

function expressionOf(compile: CompileExpression, where: string, expression: string): Read {
  const evaluate = compiled(compile, where, expression, ['claims'])
  return (claims) => valueOf(where, () => evaluate({ claims }))
}

function compiled(compile: CompileExpression, where: string, expression: string, variables: readonly string[]) {
  const result = compile(expression, variables)
  if ('problem' in result) {
    throw new Fault('ERR_CONFIG', `${where}: ${result.problem}.`, { advice: 'Nothing was started.' })
  }
  return result
}

/** An expression without a value refuses the token. */
function valueOf(where: string, evaluate: () => unknown): unknown {
  try {
    return evaluate()
  } catch (cause) {
    throw refused(`${where} has no value for this token.`, cause)
  }
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw refused(`The token has no text for ${key}.`)
}

function optionalText(key: string, value: unknown): string {
  return value === undefined || value === null || value === '' ? '' : textOf(key, value)
}

function textsOf(key: string, value: unknown): readonly string[] {
  if (value === undefined || value === null || value === '') return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.map((text) => textOf(key, text))
  if (texts.join('').length > MAX_EXTRA) throw refused(`The token has more than ${MAX_EXTRA} characters for ${key}.`)
  return texts
}

/** Anybody may write any address where it is not verified: Kubernetes has the same rule. */
function assertEmail(claims: Claims): void {
  if (Object.hasOwn(claims, 'email_verified') && claims['email_verified'] !== true) {
    throw refused('The e-mail address in the token is not verified.')
  }
}

function assertVerifiedEmail({ issuer, claimMappings, claimValidationRules }: IssuerConfig): void {
  if (!('expression' in claimMappings.username) || !readsClaim(claimMappings.username.expression, 'email')) return
  const others = [
    claimMappings.username.expression,
    ...claimMappings.extra.map(({ valueExpression }) => valueExpression),
    ...claimValidationRules.map((rule) => ('expression' in rule ? rule.expression : `claims.${rule.claim}`)),
  ]
  if (others.some((expression) => readsClaim(expression, 'email_verified'))) return
  throw new Fault(
    'ERR_CONFIG',
    `identity.jwt[${issuer.url}]: the user name comes from an e-mail address that nothing requires to be verified.`,
    { advice: 'Add the rule claims.?email_verified.orValue(true) == true to claimValidationRules.' },
  )
}

function readsClaim(expression: string, claim: string): boolean {
  return new RegExp(`claims\\s*(\\.\\s*\\??\\s*|\\[\\s*\\??\\s*["'])${claim}\\b`).test(expression)
}

function refused(message: string, cause?: unknown): Fault {
  return new Fault('ERR_UNAUTHENTICATED', message, { cause })
}
