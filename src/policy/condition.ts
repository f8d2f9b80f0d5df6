import { Environment } from '@marcbachmann/cel-js'
import { RawNumber, type JsonValue, type RequestAttributes } from '../model/request.ts'
import { bindsRole, reachesNode, takesIdentity } from './body-facts.ts'
import { costOf, isAffordable, sizesOf, type Cost, type Sizes } from './cost.ts'
import { reachesBeyondPod } from './pod-reach.ts'
import type { DecisionInput } from './port.ts'

/** Bounds on one expression, so that a policy cannot make every request slow. */
const limits = { maxAstNodes: 1000, maxDepth: 64, maxListElements: 256, maxMapEntries: 64, maxCallArguments: 16 }

/**
 * CEL (github.com/google/cel-spec) over `subject`, `request`, `session`, `object`, the parsed body or null, `oldObject`, what an update,
 * patch or delete finds stored, or null, and `now`. The first
 * three are typed, so that a mistyped field refuses the policy; fields a request does not have are empty. Beside CEL's
 * own functions there are `reachesBeyondPod(object)`, `reachesNode(object)`, `takesIdentity(object)` and
 * `bindsRole(object, name)`.
 */
const environment = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits,
})
  .registerVariable({
    name: 'subject',
    schema: {
      name: 'string',
      uid: 'string',
      groups: 'list<string>',
      extra: 'map<string, list<string>>',
      authenticatedBy: 'string',
      onBehalfOf: 'string',
    },
  })
  .registerVariable({
    name: 'request',
    schema: {
      kind: 'string',
      verb: 'string',
      apiGroup: 'string',
      apiVersion: 'string',
      namespace: 'string',
      resource: 'string',
      subresource: 'string',
      name: 'string',
      fieldSelector: 'string',
      labelSelector: 'string',
      dryRun: 'bool',
      effects: 'list<string>',
      path: 'string',
    },
  })
  .registerVariable({ name: 'session', schema: { id: 'string', kind: 'string', mode: 'string', reason: 'string' } })
  .registerVariable('object', 'dyn')
  .registerVariable('oldObject', 'dyn')
  .registerVariable('now', 'google.protobuf.Timestamp')
  .registerFunction('reachesBeyondPod(dyn): bool', reachesBeyondPod)
  .registerFunction('reachesNode(dyn): bool', reachesNode)
  .registerFunction('takesIdentity(dyn): bool', takesIdentity)
  .registerFunction('bindsRole(dyn, string): bool', bindsRole)

/** `failed` = it has no value for this request (a missing field, a wrong type, a value that is no boolean, or too much work). */
export type ConditionResult = 'true' | 'false' | 'failed'
export type Condition = ((variables: ConditionVariables) => ConditionResult) & {
  /** It looks at the object as it is stored, which has to be read for it. */
  readonly asksOldObject: boolean
}

/** A compiled condition, or what is wrong with it in one sentence. */
export function compileCondition(expression: string): Condition | { readonly problem: string } {
  let run: (variables: ConditionVariables) => unknown
  let cost: Cost
  try {
    const parsed = environment.parse(expression)
    const bounds = costOf(parsed.ast)
    if ('problem' in bounds) return bounds
    cost = bounds
    const check = parsed.check()
    if (!check.valid) return { problem: firstLine(check.error) }
    if (check.type !== 'bool' && check.type !== 'dyn')
      return { problem: `it gives ${String(check.type)}, not true or false` }
    run = parsed
  } catch (failure) {
    return { problem: firstLine(failure) }
  }
  const condition = (variables: ConditionVariables) =>
    isAffordable(cost, () => variables.sizes) ? evaluate(run, variables) : 'failed'
  return Object.assign(condition, { asksOldObject: cost.asksOldObject })
}

function evaluate(run: (variables: ConditionVariables) => unknown, variables: ConditionVariables): ConditionResult {
  try {
    const value = run(variables)
    if (value === true) return 'true'
    return value === false ? 'false' : 'failed'
  } catch {
    return 'failed'
  }
}

/** What conditions see of one request; the body is converted when the first condition asks for it. */
export class ConditionVariables {
  readonly #input: DecisionInput
  #object: unknown
  #oldObject: unknown
  #sizes: Sizes | undefined

  constructor(input: DecisionInput) {
    this.#input = input
  }

  get subject(): unknown {
    const { name, uid, groups, extra, authenticatedBy, onBehalfOf = '' } = this.#input.subject
    return { name, uid, groups, extra, authenticatedBy, onBehalfOf }
  }

  get request(): unknown {
    return requestFields(this.#input.request)
  }

  get session(): unknown {
    const { id, kind, mode, reason = '' } = this.#input.session
    return { id, kind, mode, reason }
  }

  /** Without a clock a condition that asks for the time has no value. */
  get now(): unknown {
    return this.#input.now
  }

  get sizes(): Sizes {
    this.#sizes ??= sizesOf([
      this.#input.object ?? null,
      this.#input.oldObject ?? null,
      this.#input.subject,
      this.#input.request,
    ])
    return this.#sizes
  }

  get object(): unknown {
    this.#object ??= this.#input.object === undefined ? null : celValue(this.#input.object)
    return this.#object
  }

  /** What was not read has no value: a condition that asks for it fails. */
  get oldObject(): unknown {
    this.#oldObject ??= this.#input.oldObject === undefined ? undefined : celValue(this.#input.oldObject)
    return this.#oldObject
  }
}

const noResource = {
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
  dryRun: false,
}

function requestFields(request: RequestAttributes): unknown {
  return request.kind === 'resource' ? request : { ...noResource, ...request }
}

/** JSON as CEL sees it: whole numbers are int, objects are maps without inherited keys. */
function celValue(value: JsonValue): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (value instanceof RawNumber) return /^-?[0-9]+$/.test(value.text) ? BigInt(value.text) : Number(value.text)
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, member]) => [key, celValue(member)]))
}

function firstLine(failure: unknown): string {
  return String(failure instanceof Error ? failure.message : failure).split('\n', 1)[0] ?? ''
}
