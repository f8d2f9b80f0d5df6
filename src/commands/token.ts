import { Agent, request } from 'undici'
import { z } from 'zod'
import { parseDuration } from '../config/duration.ts'
import { Fault } from '../model/fault.ts'
import { addressHelp, addressOptions, brokerAddress, type BrokerAddress } from './broker-address.ts'
import { exitCode, flag, printJson, text, type Command } from './command.ts'
import { kindOf } from './kubeconfig.ts'
import { reasonOf } from './shared-options.ts'
import { readSource, sourceHelp, sourceOf, sourceOptions } from './token-source.ts'

export const command: Command = {
  name: 'token',
  summary: 'Exchange a token of a CI, a workload or an agent for a credential.',
  usage: 'chaperone token SOURCE [OPTIONS]',
  help: `Prints a credential that opens the broker's API for some minutes. It belongs to a session, which
--session prolongs. \`chaperone kubeconfig\` writes a kubeconfig that does this by itself.

Source
${sourceHelp}

Options
  --for KIND           pipeline, agent or person; told, not checked. Default: person
                       with --login, else pipeline
  --reason TEXT        told in the journal
  --wait DURATION      how long a held request waits for a reviewer; default 0
  --session ID         prolong this session instead of beginning one
  --json               session, token and end
${addressHelp}

Examples
  chaperone token --token-file /var/run/secrets/tokens/chaperone
  chaperone token --github --for agent --reason "nightly audit" --json
  chaperone token --login`,
  options: {
    ...addressOptions,
    ...sourceOptions,
    for: { type: 'string' },
    reason: { type: 'string' },
    session: { type: 'string' },
    wait: { type: 'string' },
    json: { type: 'boolean' },
  },
  run: async (context, parsed) => {
    const source = await sourceOf(context, parsed)
    const address = await brokerAddress(context, parsed)
    const sessionID = text(parsed, 'session')
    const grant = await exchange(address, {
      subjectToken: await readSource(source, context, parsed),
      kind: kindOf(parsed),
      reason: reasonOf(parsed),
      waitMs: parseDuration(text(parsed, 'wait') ?? '0', '--wait'),
      ...(sessionID === undefined ? {} : { sessionID }),
    })
    if (flag(parsed, 'json')) printJson(context, grant)
    else context.stdout.write(`${grant.token}\n`)
    return exitCode.ok
  },
}

const grantSchema = z.object({
  sessionID: z.string(),
  token: z.string(),
  expiresAt: z.string(),
  expiresIn: z.number(),
})
const statusSchema = z.object({ message: z.string() })
const TIMEOUT_MS = 20_000

/** Rejects with ERR_UNAUTHENTICATED when the broker gives none, ERR_BROKER when it does not answer. */
async function exchange({ endpoint, caPem }: BrokerAddress, ask: object): Promise<z.output<typeof grantSchema>> {
  const agent = new Agent({ connect: { ca: caPem, timeout: TIMEOUT_MS } })
  try {
    const answer = await request(`${endpoint}/chaperone/v1/token`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'chaperone' },
      body: JSON.stringify(ask),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const said = await answer.body.json()
    if (answer.statusCode === 200) return grantSchema.parse(said)
    throw new Fault('ERR_UNAUTHENTICATED', `The broker gives no credential: ${statusSchema.parse(said).message}`)
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('ERR_BROKER', `The broker ${endpoint} does not answer as one.`, {
      advice: 'Check the address, and that --ca-file is the authority of that broker.',
      cause: thrown,
    })
  } finally {
    await agent.destroy()
  }
}
