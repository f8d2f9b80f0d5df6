import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileProblem } from '../config/file-problem.ts'
import { maskedFields, type MaskedFields } from '../mask/fields.ts'
import { tokenMaker } from '../mask/token.ts'
import { ValueMasker } from '../mask/values.ts'
import { Fault } from '../model/fault.ts'
import type { JsonObject, JsonValue, ResourceRequest } from '../model/request.ts'
import { parseYaml } from '../request/yaml.ts'
import { stringifyJson } from '../stream/json.ts'
import { count } from '../../ui/words/notices.ts'
import { exitCode, list, say, type Command } from './command.ts'
import { chosenPolicy } from './policy-source.ts'
import { stateHelp, stateOption } from './shared-options.ts'

export const command: Command = {
  name: 'mask',
  summary: 'Show what of an object the masks of a policy hide.',
  usage: 'chaperone mask test FILE [--policy FILE…] [--set NAME…]',
  help: `Prints the object of FILE, in YAML or JSON, as a client would see it that all mask sets
of the policy apply to; how many values are hidden goes to stderr. Nothing is sent to a
cluster, and the tokens are others at each run. A list is masked item by item.

Exits 1 when nothing is hidden, so that a script notices a mask that misses.

Options
  --policy FILE        policy file, may be repeated; default: as configured, else the
                       built-in policy
  --set NAME           only this mask set, may be repeated
  --config FILE        configuration that names the policy files
${stateHelp}

Examples
  chaperone mask test secret.yaml
  kubectl get deploy web -o yaml | chaperone mask test /dev/stdin`,
  options: {
    ...stateOption,
    config: { type: 'string' },
    policy: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true },
  },
  run: async (context, parsed) => {
    const [order, file] = parsed.positionals
    if (order !== 'test' || file === undefined) throw new Fault('ERR_USAGE', 'Name a file: chaperone mask test FILE')
    const { maskSets } = await chosenPolicy(context, parsed)
    const names = list(parsed, 'set')
    const unknown = names.find((name) => !maskSets.some((set) => set.name === name))
    if (unknown !== undefined) {
      throw new Fault('ERR_USAGE', `The policy has no mask set ${JSON.stringify(unknown)}.`, {
        advice: `It has: ${maskSets.map(({ name }) => name).join(', ') || 'none'}.`,
      })
    }
    const object = await readObject(file)
    let hidden = 0
    const fields = maskedFields(names.length === 0 ? maskSets : maskSets.filter(({ name }) => names.includes(name)))
    const masker = new ValueMasker(requestFor(object, fields), {
      fields,
      token: tokenMaker(randomBytes(32), ''),
      fallback: { namespace: '', name: '' },
      encodeTokens: true,
      trustKinds: true,
      hidden: () => hidden++,
    })
    const masked = stringifyJson(masker.top(object))
    context.stdout.write(`${JSON.stringify(JSON.parse(masked), undefined, 2)}\n`)
    say(context, hidden === 0 ? 'nothing is hidden' : `hidden: ${count(hidden, 'value')}`)
    return hidden === 0 ? exitCode.failed : exitCode.ok
  },
}

async function readObject(file: string): Promise<JsonObject> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new Fault('ERR_USAGE', `Cannot read ${file}: ${fileProblem(cause)}.`, { cause })
  }
  const value: JsonValue = parseYaml(bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && 'kind' in value) return value
  throw new Fault('ERR_USAGE', `${file} is not one Kubernetes object: it names no kind.`)
}

/** A read of the resource that the object says it is of. */
function requestFor(object: JsonObject, fields: MaskedFields): ResourceRequest {
  const { apiGroup = '', resource = '' } = fields.refOf(object) ?? {}
  return {
    kind: 'resource',
    verb: 'get',
    apiGroup,
    apiVersion: '',
    namespace: '',
    resource,
    subresource: '',
    name: '',
    fieldSelector: '',
    labelSelector: '',
    dryRun: false,
    effects: ['read'],
    path: '',
  }
}
