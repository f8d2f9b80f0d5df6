import { join } from 'node:path'
import { z } from 'zod'
import { readOptional, writePrivateFile } from './files.ts'
import { parseReadyText } from './ready.ts'

const knownSchema = z.strictObject({
  clusters: z.array(
    z.strictObject({
      /** Kubeconfig file that named it. */
      kubeconfig: z.string(),
      context: z.string(),
      server: z.string(),
      /** Of the API server, with its CA: see `Upstream`. */
      identity: z.string(),
    }),
  ),
})

/** A cluster that its user has agreed to work on. */
export type KnownCluster = z.output<typeof knownSchema>['clusters'][number]

/** The clusters agreed to in this state folder. Throws ERR_STATE when the file is not what Chaperone wrote. */
export async function knownClusters(stateFolder: string): Promise<readonly KnownCluster[]> {
  const path = fileIn(stateFolder)
  const text = await readOptional(path)
  return text === undefined ? [] : parseReadyText(knownSchema, text, path).clusters
}

/** Adds a cluster; what was known of the same context of the same file before is forgotten. */
export async function rememberCluster(stateFolder: string, cluster: KnownCluster): Promise<void> {
  const others = (await knownClusters(stateFolder)).filter(
    ({ kubeconfig, context }) => kubeconfig !== cluster.kubeconfig || context !== cluster.context,
  )
  const text = JSON.stringify({ clusters: [...others, cluster] }, undefined, 2)
  await writePrivateFile(fileIn(stateFolder), `${text}\n`)
}

function fileIn(stateFolder: string): string {
  return join(stateFolder, 'clusters.json')
}
