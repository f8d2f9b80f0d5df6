import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ParseArgsOptionsConfig } from 'node:util'
import { fileProblem } from '../config/file-problem.ts'
import { Fault } from '../model/fault.ts'
import { mainFile } from './children.ts'
import { flag, text, type Context, type Parsed } from './command.ts'
import { idTokenOf, requirePerson } from './person.ts'

/** Where a caller's own token comes from. */
export type TokenSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'variable'; readonly name: string }
  /** GitHub Actions gives one to a job with `permissions: id-token: write`. */
  | { readonly kind: 'github'; readonly audience: string }
  /** The person who signed in: where that is kept, and the words of a shell that asks for a credential with it. */
  | { readonly kind: 'login'; readonly path: string; readonly command: readonly string[] }

export const sourceOptions = {
  'token-file': { type: 'string' },
  'token-env': { type: 'string' },
  github: { type: 'boolean' },
  audience: { type: 'string' },
  login: { type: 'boolean' },
  'sign-in': { type: 'string' },
  config: { type: 'string' },
} as const satisfies ParseArgsOptionsConfig

export const sourceHelp = `  --token-file FILE    the caller's own token is in this file, as of a service account
                       or of SPIFFE
  --token-env NAME     it is in this variable, as in GitLab and Jenkins
  --github             GitHub Actions gives it to the job
  --audience NAME      whom GitHub makes it for; default chaperone
  --login              the person who signed in with \`chaperone login\`, on this machine;
                       --sign-in FILE and --config FILE as there`

/** The one source that was named. Rejects with ERR_USAGE, ERR_CONFIG. */
export async function sourceOf(context: Context, parsed: Parsed): Promise<TokenSource> {
  const path = text(parsed, 'token-file')
  const name = text(parsed, 'token-env')
  const sources: TokenSource[] = [
    ...(path === undefined ? [] : [{ kind: 'file', path } as const]),
    ...(name === undefined ? [] : [{ kind: 'variable', name: variableName(name) } as const]),
    ...(flag(parsed, 'github') ? [{ kind: 'github', audience: audienceOf(parsed) } as const] : []),
    ...(flag(parsed, 'login') ? [await loginSource(context, parsed)] : []),
  ]
  const [source] = sources
  if (source !== undefined && sources.length === 1) return source
  throw new Fault(
    'ERR_USAGE',
    'Say where the token comes from: --token-file FILE, --token-env NAME, --github, or --login.',
  )
}

/** Everything that could depend on where or by whom the words are run later is said in them. */
async function loginSource(context: Context, parsed: Parsed): Promise<TokenSource> {
  const { path } = await requirePerson(context, parsed)
  const config = resolve(text(parsed, 'config') ?? context.environment.configFile)
  const program = [process.execPath, mainFile()]
  return { kind: 'login', path, command: [...program, 'token', '--login', `--config=${config}`, `--sign-in=${path}`] }
}

/**
 * The token itself. Rejects with ERR_USAGE when it is not there, ERR_BROKER when GitHub does not give it, and ERR_UNAUTHENTICATED when
 * nobody is signed in.
 */
export async function readSource(source: TokenSource, context: Context, parsed: Parsed): Promise<string> {
  const { variables } = context.environment
  switch (source.kind) {
    case 'file':
      return present(await readToken(source.path), source.path)
    case 'variable':
      return present(variables[source.name] ?? '', `the variable ${source.name}`)
    case 'login':
      return idTokenOf(await requirePerson(context, parsed))
    case 'github': {
      const url = present(variables['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '', githubVariables)
      const bearer = present(variables['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ?? '', githubVariables)
      const answer = await fetch(`${url}&audience=${encodeURIComponent(source.audience)}`, {
        headers: { authorization: `Bearer ${bearer}` },
      })
      const { value } = (await answer.json()) as { value?: unknown }
      return present(typeof value === 'string' ? value : '', `the answer of GitHub (${answer.status})`)
    }
  }
}

const githubVariables = 'ACTIONS_ID_TOKEN_REQUEST_URL (does the job have `permissions: id-token: write`?)'

function audienceOf(parsed: Parsed): string {
  const audience = text(parsed, 'audience') ?? 'chaperone'
  if (/^[A-Za-z0-9._:/@-]{1,255}$/.test(audience)) return audience
  throw new Fault('ERR_USAGE', `${JSON.stringify(audience)} is not an audience.`)
}

function variableName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name
  throw new Fault('ERR_USAGE', `${JSON.stringify(name)} is not the name of a variable.`)
}

async function readToken(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault('ERR_USAGE', `Cannot read the token file ${path}: ${fileProblem(cause)}.`, { cause })
  }
}

function present(value: string, where: string): string {
  const token = value.trim()
  if (token !== '') return token
  throw new Fault('ERR_USAGE', `There is no token in ${where}.`)
}
