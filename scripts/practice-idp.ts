import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { peopleProvider } from '../test/identity/people-provider.ts'

/**
 * An OpenID Connect provider on loopback for trying out sign-in, with two people and any password: ana works, rob reviews. Writes
 * settings that trust it, and runs until it is ended; what it knows is gone then.
 *
 * Usage: scripts/start idp [FOLDER]   FOLDER: where chaperone.yaml is written, default practice-idp below the temporary folder
 */
const folder = resolve(
  process.argv[2] ?? join(process.env['TMPDIR'] ?? '/tmp', `chaperone-practice-idp-${process.getuid?.() ?? 0}`),
)
const { people, jwt } = await peopleProvider()
await mkdir(folder, { recursive: true, mode: 0o700 })
const file = join(folder, 'chaperone.yaml')
const { issuer, clientID } = people
const settings = {
  apiVersion: 'chaperone/v1',
  kind: 'Config',
  identity: {
    people: { issuer, clientID },
    jwt: [
      {
        issuer: jwt.issuer,
        claimMappings: {
          username: { claim: 'sub', prefix: '' },
          groups: {
            expression: 'claims.groups.map(one, one == "leads" ? "chaperone:reviewers" : "chaperone:operators")',
          },
          uid: { claim: 'sub' },
        },
        // The roles of the built-in policy.
        reservedNames: ['chaperone:operators', 'chaperone:reviewers'],
      },
    ],
  },
}
await writeFile(file, stringify(settings), { mode: 0o600 })
process.stdout.write(`The practice provider is ${issuer}; ana works and rob reviews, with any password. Ctrl-C ends it.

  scripts/start login --config ${file}
  scripts/start shell --practice --config ${file}

and in another terminal, as rob:

  scripts/start login --config ${file} --sign-in ${join(folder, 'rob')}
  scripts/start review --config ${file} --sign-in ${join(folder, 'rob')}
`)
