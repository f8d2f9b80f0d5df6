import type { Fields, KubeObject } from '../state/objects.ts'

/** How a container ended. */
export interface Exit {
  readonly code: number
  /** As containerStatuses say it: `Completed`, `Error`, `OOMKilled`. */
  readonly reason: string
  readonly finishedAt: Date
}

/** Which container, for as long as its pod lives. */
export interface ContainerKey {
  readonly podUid: string
  readonly container: string
}

/** Plays the container runtime of every node: programs, their output, their end. */
export interface ContainerRuntime {
  /**
   * Starts the container's program once more; the output of the run before stays readable as `previous`. `exited` is
   * called once, never before `start` has returned, and not after `stop`.
   */
  start(pod: KubeObject, container: Fields, exited: (exit: Exit) => void): void
  /** True while the program of the container runs. */
  runs(key: ContainerKey): boolean
  /** Ends every program of the pod and forgets its output. */
  forget(podUid: string): void
  /** Ends every program; nothing calls back afterwards. */
  close(): void
}
