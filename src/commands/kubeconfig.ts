import { resolve } from 'node:path'
import { parseDuration } from '../config/duration.ts'
import { Fault } from '../model/fault.ts'
import { clientKinds, type ClientKind } from '../model/session.ts'
import { addressHelp, addressOptions, brokerAddress } from './broker-address.ts'
import { exitCode, flag, say, text, type Command, type Parsed } from './command.ts'
import { writePrivateFile } from './files.ts'
import { pluginScript } from './plugin-script.ts'
import { reasonOf } from './shared-options.ts'
import { sourceHelp, sourceOf, sourceOptions } from './token-source.ts'

export const command: Command = {
  name: 'kubeconfig',
  summary: 'Write a kubeconfig for a pipeline, an agent or yourself; no secret is in it.',
  usage: 'chaperone kubeconfig SOURCE [OPTIONS]',
  help: `Programs that use this kubeconfig prove who they are with a token of their own, as a CI gives
one to each job, and get a credential for ten minutes in exchange. The file holds the address
and the authority of the broker and a small shell script; where it is used, sh and curl are all
that is needed, and with --login, which is for this machine, not even curl. The broker must trust the issuer: see identity in its configuration.

Source
${sourceHelp}

Options
  --for KIND           pipeline, agent or person; told, not checked. Default: person
                       with --login, else pipeline
  --reason TEXT        told with every sign-in
  --wait DURATION      how long a held request waits for a reviewer; default 0
  --output FILE        write to this file (0600) instead of stdout
${addressHelp}

Examples
  chaperone kubeconfig --login --output ~/.kube/chaperone
  chaperone kubeconfig --github --output kubeconfig.yaml
  chaperone kubeconfig --token-env CHAPERONE_TOKEN \\
    --broker https://broker.example.com:8443 --ca-file ca.pem > kubeconfig.yaml`,
  options: {
    ...addressOptions,
    ...sourceOptions,
    for: { type: 'string' },
    reason: { type: 'string' },
    wait: { type: 'string' },
    output: { type: 'string' },
  },
  run: async (context, parsed) => {
    const source = await sourceOf(context, parsed)
    const { endpoint, caPem, context: cluster } = await brokerAddress(context, parsed)
    const script = pluginScript({
      endpoint,
      caPem,
      source,
      kind: kindOf(parsed),
      reason: reasonOf(parsed),
      waitMs: parseDuration(text(parsed, 'wait') ?? '0', '--wait'),
    })
    const content = `${JSON.stringify(clientKubeconfig(`chaperone-${cluster}`, endpoint, caPem, script), undefined, 2)}\n`
    const output = text(parsed, 'output')
    if (output === undefined) context.stdout.write(content)
    else {
      await writePrivateFile(resolve(output), content)
      say(context, `wrote ${resolve(output)}; try: kubectl --kubeconfig ${resolve(output)} auth whoami`)
    }
    return exitCode.ok
  },
}

/** What the caller says of itself. Throws ERR_USAGE. */
export function kindOf(parsed: Parsed): ClientKind {
  const asked = text(parsed, 'for') ?? (flag(parsed, 'login') ? 'person' : 'pipeline')
  const kind = clientKinds.find((known) => known === asked)
  if (kind !== undefined) return kind
  throw new Fault('ERR_USAGE', `--for must be ${clientKinds.join(', ')}, not ${JSON.stringify(asked)}.`)
}

/** A kubeconfig (client-go tools/clientcmd) as JSON, which is YAML. */
export function clientKubeconfig(name: string, server: string, caPem: string, script: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') } }],
    users: [
      {
        name,
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'sh',
            args: ['-c', script],
            interactiveMode: 'Never',
            provideClusterInfo: false,
          },
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  }
}
