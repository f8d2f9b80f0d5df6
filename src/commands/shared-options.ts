import type { ParseArgsOptionsConfig } from 'node:util'
import type { ConfigFlags } from '../config/load.ts'
import { Fault } from '../model/fault.ts'
import { flag, list, text, type Parsed } from './command.ts'

export const stateOption = { state: { type: 'string' } } as const satisfies ParseArgsOptionsConfig

export const brokerOptions = {
  ...stateOption,
  config: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  practice: { type: 'boolean' },
  listen: { type: 'string' },
  policy: { type: 'string', multiple: true },
  yes: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig

export const stateHelp = `  --state DIR          where keys, journal and recordings are kept; default
                       $CHAPERONE_STATE, else $XDG_STATE_HOME/chaperone`

export const brokerHelp = `  --config FILE        configuration; default $XDG_CONFIG_HOME/chaperone/chaperone.yaml
  --kubeconfig FILE    kubeconfig that holds the cluster credential
  --context NAME       context of that kubeconfig; default its current-context, which
                       is shown and asked for on its first use
  --yes                use the current context without being asked
  --practice           use the practice cluster; nothing real is touched
  --listen HOST:PORT   where kubectl reaches the broker; loopback, default 127.0.0.1:0
  --policy FILE        policy file, may be repeated; default: the built-in policy
${stateHelp}`

export const sessionOptions = {
  'recording-format': { type: 'string' },
  reason: { type: 'string' },
} as const satisfies ParseArgsOptionsConfig

/** What the caller says of why. Throws ERR_USAGE for what the journal would not keep as it is. */
export function reasonOf(parsed: Parsed): string {
  const reason = text(parsed, 'reason') ?? ''
  if (/^[\x20-\x7e]{0,256}$/.test(reason)) return reason
  throw new Fault('ERR_USAGE', '--reason takes one line of at most 256 plain characters.')
}

/** The flags that shape a broker, as given. Throws ERR_USAGE for values outside their set. */
export function configFlags(parsed: Parsed): ConfigFlags {
  const given = <K extends string>(name: K, value: string | undefined) =>
    value === undefined ? {} : ({ [name]: value } as Record<K, string>)
  const version = choice(parsed, 'recording-format', ['v2', 'v3'])
  const ui = choice(parsed, 'ui', ['full', 'line', 'none'])
  return {
    ...given('config', text(parsed, 'config')),
    ...given('state', text(parsed, 'state')),
    ...given('kubeconfig', text(parsed, 'kubeconfig')),
    ...given('context', text(parsed, 'context')),
    ...given('listen', text(parsed, 'listen')),
    ...(flag(parsed, 'practice') ? { practice: true } : {}),
    policies: list(parsed, 'policy'),
    ...(version === undefined ? {} : { recordingVersion: version === 'v2' ? 2 : 3 }),
    ...(ui === undefined ? {} : { ui }),
  }
}

/** The same flags as arguments for another `chaperone` process. */
export function brokerArguments(parsed: Parsed): string[] {
  const pass = ['config', 'kubeconfig', 'context', 'listen', 'state'].flatMap((name) => {
    const value = text(parsed, name)
    return value === undefined ? [] : [`--${name}=${value}`]
  })
  return [
    ...pass,
    ...(flag(parsed, 'practice') ? ['--practice'] : []),
    ...list(parsed, 'policy').map((file) => `--policy=${file}`),
  ]
}

function choice<const T extends string>(parsed: Parsed, name: string, allowed: readonly T[]): T | undefined {
  const value = text(parsed, name)
  if (value === undefined) return undefined
  const found = allowed.find((known) => known === value)
  if (found !== undefined) return found
  throw new Fault(
    'ERR_USAGE',
    `--${name} must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}, not ${JSON.stringify(value)}.`,
  )
}
