import { readFile } from 'node:fs/promises'
import type { ParseArgsOptionsConfig } from 'node:util'
import { fileProblem } from '../config/file-problem.ts'
import { Fault } from '../model/fault.ts'
import { text, type Context, type Parsed } from './command.ts'
import { foldersOf, runningBroker } from './link.ts'
import { stateHelp, stateOption } from './shared-options.ts'

/** Where the data plane is, and the authority that signed its certificate. */
export interface BrokerAddress {
  readonly endpoint: string
  readonly caPem: string
  /** Name of the cluster's context; `chaperone` where only the address is known. */
  readonly context: string
}

export const addressOptions = {
  ...stateOption,
  broker: { type: 'string' },
  'ca-file': { type: 'string' },
} as const satisfies ParseArgsOptionsConfig

export const addressHelp = `  --broker URL         the broker elsewhere; default: the one of the state folder
  --ca-file FILE       PEM of the authority of that broker, needed with --broker
${stateHelp}`

/** The broker that was named, else the running one. Throws ERR_USAGE, ERR_BROKER. */
export async function brokerAddress(context: Context, parsed: Parsed): Promise<BrokerAddress> {
  const endpoint = text(parsed, 'broker')
  const caFile = text(parsed, 'ca-file')
  if (endpoint === undefined) {
    const ready = await runningBroker(foldersOf(text(parsed, 'state'), context))
    return { endpoint: ready.endpoint, caPem: await readPem(ready.caFile), context: ready.context }
  }
  if (caFile === undefined) throw new Fault('ERR_USAGE', '--broker needs --ca-file FILE beside it.')
  return { endpoint: origin(endpoint), caPem: await readPem(caFile), context: 'chaperone' }
}

function origin(endpoint: string): string {
  const url = URL.parse(endpoint)
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return url.origin
  throw new Fault('ERR_USAGE', `${JSON.stringify(endpoint)} is not the address of a broker.`, {
    advice: 'Give one like https://chaperone.example.com:8443.',
  })
}

async function readPem(path: string): Promise<string> {
  let pem: string
  try {
    pem = await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault('ERR_USAGE', `Cannot read ${path}: ${fileProblem(cause)}.`, { cause })
  }
  if (/^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n*)+$/.test(pem)) return pem
  throw new Fault('ERR_USAGE', `${path} holds no certificate in PEM.`)
}
