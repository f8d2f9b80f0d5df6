import type { Fields, KubeObject } from '../state/objects.ts'
import { readText } from '../state/objects.ts'
import type { ContainerKey, ContainerRuntime } from './runtime.ts'

const idOf = ({ podUid, container }: ContainerKey) => `${podUid}/${container}`

/** Containers that run until their pod goes. */
export class SimulatedRuntime implements ContainerRuntime {
  readonly #running = new Set<string>()

  start(pod: KubeObject, container: Fields): void {
    this.#running.add(idOf({ podUid: pod.metadata.uid, container: readText(container, 'name') }))
  }

  runs(key: ContainerKey): boolean {
    return this.#running.has(idOf(key))
  }

  forget(podUid: string): void {
    for (const id of this.#running) if (id.startsWith(`${podUid}/`)) this.#running.delete(id)
  }

  close(): void {
    this.#running.clear()
  }
}
