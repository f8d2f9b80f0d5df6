import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { PeopleProvider } from '../identity/people-provider.ts'
import { pinnedNode, runCli, type CliOptions, type CliResult } from '../support/cli.ts'

/** A person at a machine with a screen and a browser, whose chaperone knows where people sign in. */
export interface Desk {
  readonly home: string
  readonly config: string
  /** Added to the environment of what the person starts. */
  readonly env: Readonly<Record<string, string>>
  chaperone(args: readonly string[], options?: CliOptions): Promise<CliResult>
}

/** `login` is who the browser signs in as, whenever one is opened. `more` goes into the configuration. */
export async function deskOf(
  folder: string,
  idp: PeopleProvider,
  login: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Desk> {
  const home = join(folder, login)
  const bin = join(home, 'bin')
  await mkdir(bin, { recursive: true })
  const config = join(home, 'chaperone.yaml')
  const { claimMappings, issuer } = idp.jwt
  const { issuer: url, clientID } = idp.people
  const identity = { people: { issuer: url, clientID }, jwt: [{ issuer, claimMappings }] }
  await writeFile(config, stringify({ apiVersion: 'chaperone/v1', kind: 'Config', identity, ...more }))
  await writeFile(join(bin, 'xdg-open'), opener(idp, login), { mode: 0o700 })
  const env = { HOME: home, DISPLAY: ':0', PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  return {
    home,
    config,
    env,
    chaperone: (args, options = {}) => runCli(args, { ...options, env: { ...env, ...options.env } }),
  }
}

/** A program that signs in at the address it is given. */
function opener(idp: PeopleProvider, login: string): string {
  const module = fileURLToPath(new URL('../identity/browser.ts', import.meta.url))
  const code = `const { Browser } = await import(${JSON.stringify(module)})
await new Browser(${JSON.stringify(idp.caPem)}, ${JSON.stringify({ login, password: 'any' })}).open(process.argv[1])`
  return `#!/bin/sh\nexec '${pinnedNode}' --input-type=module -e '${code}' "$1"\n`
}
