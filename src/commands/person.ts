import { resolve } from 'node:path'
import type { ParseArgsOptionsConfig } from 'node:util'
import type { IdentityConfig } from '../config/identity.ts'
import { loadConfig, type Config } from '../config/load.ts'
import { stateFolders } from '../config/state.ts'
import { parseSubjects, readSubjectsFile } from '../config/subjects.ts'
import { makeAuthenticators } from '../identity/authenticators.ts'
import { fetchDocument } from '../identity/key-source.ts'
import { makeVerifyPerson, type VerifyPerson } from '../identity/person.ts'
import { keyToken } from '../identity/key-sign-in.ts'
import type { PeopleConfig, SubjectList } from '../identity/port.ts'
import { currentIDToken } from '../identity/signed-in.ts'
import { makeVerifySubject } from '../identity/subject-token.ts'
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
  --config FILE        configuration, with identity.people or identity.subjects; default
                       $XDG_CONFIG_HOME/chaperone/chaperone.yaml
${stateHelp}`

/** How people show who they are, and where this person's sign-in is kept. */
export interface PersonConfig {
  /** A provider, or the subjects file. */
  readonly by:
    { readonly kind: 'provider'; readonly people: PeopleConfig } | { readonly kind: 'subjects'; readonly file: string }
  readonly identity: IdentityConfig
  readonly path: string
}

/** Undefined where the configuration names neither: people are then who the operating system says. */
export function personConfig(config: Config, parsed: Parsed): PersonConfig | undefined {
  const { identity } = config
  const by = identity === undefined ? undefined : wayOf(identity)
  if (identity === undefined || by === undefined) return undefined
  const file = text(parsed, 'sign-in')
  const path = file === undefined ? stateFolders(config.stateFolder).signIn : resolve(file)
  return { by, identity, path }
}

function wayOf({ people, subjects }: IdentityConfig): PersonConfig['by'] | undefined {
  if (people !== undefined) return { kind: 'provider', people }
  return subjects === undefined ? undefined : { kind: 'subjects', file: subjects }
}

/** The same from the command line. Throws ERR_CONFIG, and when there is neither. */
export async function requirePerson(context: Context, parsed: Parsed): Promise<PersonConfig> {
  const config = await loadConfig(configFlags(parsed), context.environment)
  const person = personConfig(config, parsed)
  if (person !== undefined) return person
  const file = config.file === '' ? context.environment.configFile : config.file
  throw new Fault('ERR_CONFIG', 'The configuration does not say how people sign in.', {
    advice: `Write identity.people (a provider) or identity.subjects (a file of keys) into ${file}.`,
  })
}

/** A token of whoever is signed in, as the broker takes it. Rejects with ERR_UNAUTHENTICATED, ERR_ISSUER, ERR_STATE, ERR_CONFIG. */
export async function idTokenOf({ path, by }: PersonConfig): Promise<string> {
  if (by.kind === 'provider') return currentIDToken(path, by.people, Date.now)
  return keyToken(path, (await listOf(by.file)).audience, Date.now)
}

/** Checks these tokens as the broker does. */
export function verifierOf({ identity, by }: PersonConfig): VerifyPerson {
  if (by.kind === 'subjects') {
    return async (token) => {
      const list = await listOf(by.file)
      return makeVerifySubject(() => list, Date.now)(token)
    }
  }
  const parts = { fetch: fetchDocument, compile: compileExpression, now: () => new Date() }
  return makeVerifyPerson(makeAuthenticators(identity.jwt, parts), by.people, Date.now)
}

/** Rejects with ERR_CONFIG. */
export async function listOf(file: string): Promise<SubjectList> {
  return parseSubjects(await readSubjectsFile(file))
}
