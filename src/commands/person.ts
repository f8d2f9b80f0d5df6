import { resolve } from 'node:path'
import type { ParseArgsOptionsConfig } from 'node:util'
import type { IdentityConfig } from '../config/identity.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { stateFolders } from '../config/state.ts'
import { makeAuthenticators } from '../identity/authenticators.ts'
import { fetchDocument } from '../identity/key-source.ts'
import { makeVerifyPerson, type VerifyPerson } from '../identity/person.ts'
import type { PeopleConfig } from '../identity/port.ts'
import { currentIDToken } from '../identity/signed-in.ts'
import { Fault } from '../model/fault.ts'
import { compileExpression } from '../policy/expression.ts'
import { text, type Context, type Parsed } from './command.ts'
import { configFlags, stateHelp, stateOption } from './shared-options.ts'

const signInOption = { 'sign-in': { type: 'string' } } as const satisfies ParseArgsOptionsConfig

const signInHelp = `  --sign-in FILE       where the sign-in is kept; default: sign-in in the state folder`

export const personOptions = {
  ...stateOption,
  ...signInOption,
  config: { type: 'string' },
} as const satisfies ParseArgsOptionsConfig

export const personHelp = `${signInHelp}
  --config FILE        configuration, with identity.people; default
                       $XDG_CONFIG_HOME/chaperone/chaperone.yaml
${stateHelp}`

/** Where people sign in, and where this person's sign-in is kept. */
export interface PersonConfig {
  readonly people: PeopleConfig
  readonly identity: IdentityConfig
  readonly path: string
}

/** Undefined where the configuration names no provider: people are then who the operating system says. */
export function personConfig(config: Config, parsed: Parsed): PersonConfig | undefined {
  const { identity } = config
  if (identity?.people === undefined) return undefined
  const file = text(parsed, 'sign-in')
  const path = file === undefined ? stateFolders(config.stateFolder).signIn : resolve(file)
  return { people: identity.people, identity, path }
}

/** The same from the command line. Throws ERR_CONFIG, and when there is no provider. */
export async function requirePerson(context: Context, parsed: Parsed): Promise<PersonConfig> {
  const config = await loadConfig(configFlags(parsed), context.environment)
  const person = personConfig(config, parsed)
  if (person !== undefined) return person
  throw new Fault('ERR_CONFIG', 'The configuration names no provider where people sign in.', {
    advice: `Write identity.people into ${config.file === '' ? context.environment.configFile : config.file}.`,
  })
}

/** The ID token of whoever is signed in, refreshed if need be. Rejects with ERR_UNAUTHENTICATED, ERR_ISSUER, ERR_STATE. */
export function idTokenOf({ path, people }: PersonConfig): Promise<string> {
  return currentIDToken(path, people, Date.now)
}

/** Checks ID tokens as the broker does. */
export function verifierOf({ identity, people }: PersonConfig): VerifyPerson {
  const parts = { fetch: fetchDocument, compile: compileExpression, now: () => new Date() }
  return makeVerifyPerson(makeAuthenticators(identity.jwt, parts), people, Date.now)
}
