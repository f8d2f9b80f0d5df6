import { parseDocument } from 'yaml'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'

export interface Named<T> {
  readonly name: string
  readonly value: T
}
/** A named entry together with the file it stands in, against which its relative paths resolve. */
export interface Found<T> {
  readonly value: T
  readonly path: string
  readonly resolve: (file: string) => string
}

export type ContextEntry = z.output<typeof contextEntry>
export type ClusterEntry = z.output<typeof clusterEntry>
export type UserEntry = z.output<typeof userEntry>
export type ExecEntry = z.output<typeof execEntry>

export interface Kubeconfig {
  readonly path: string
  readonly currentContext: string
  readonly contexts: readonly Named<ContextEntry>[]
  readonly clusters: readonly Named<ClusterEntry>[]
  readonly users: readonly Named<UserEntry>[]
}

const text = z.string().default('')
const contextEntry = z.object({ cluster: text, user: text })
const clusterEntry = z.object({
  server: text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().default(false),
  'tls-server-name': text,
  'proxy-url': text,
})
/** client-go tools/clientcmd/api/v1 ExecConfig. */
const execEntry = z.object({
  apiVersion: text,
  command: text,
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: text })).nullish(),
  installHint: text,
  provideClusterInfo: z.boolean().default(false),
  interactiveMode: text,
})
const userEntry = z.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  exec: execEntry.optional(),
  'auth-provider': z.object({ name: text }).optional(),
})
/** Lists may be absent or null, as kubectl writes them. */
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])
const file = z.object({
  'current-context': text,
  contexts: list(z.object({ name: z.string(), context: contextEntry })),
  clusters: list(z.object({ name: z.string(), cluster: clusterEntry })),
  users: list(z.object({ name: z.string(), user: userEntry.nullish() })),
})

/** One kubeconfig file (client-go tools/clientcmd/api/v1). Throws ERR_KUBECONFIG that names the file and the field, never a value. */
export function parseKubeconfig(source: string, path: string): Kubeconfig {
  const document = parseDocument(source, { uniqueKeys: true, prettyErrors: false })
  const problem = document.errors[0]
  if (problem !== undefined) throw unreadable(path, `it is not YAML (${problem.code})`)
  const parsed = file.safeParse(document.toJS() ?? {})
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw unreadable(path, `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'not understood'}`)
  }
  const { data } = parsed
  return {
    path,
    currentContext: data['current-context'],
    contexts: data.contexts.map(({ name, context }) => ({ name, value: context })),
    clusters: data.clusters.map(({ name, cluster }) => ({ name, value: cluster })),
    users: data.users.map(({ name, user }) => ({ name, value: user ?? userEntry.parse({}) })),
  }
}

function unreadable(path: string, problem: string): Fault {
  return new Fault('ERR_KUBECONFIG', `The kubeconfig ${path} cannot be understood: ${problem}.`, {
    advice: 'Correct it, or check it with: kubectl config view.',
  })
}
