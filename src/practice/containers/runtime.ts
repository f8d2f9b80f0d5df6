import type { Fields, KubeObject } from '../state/objects.ts'
import type { Log } from './log.ts'
import type { Sink } from './pipe.ts'
import type { Connection } from './process.ts'

/** How a container ended. */
export interface Exit {
  readonly code: number
  /** As containerStatuses say it: `Completed`, `Error`. */
  readonly reason: string
  readonly finishedAt: Date
}

/** Which container, for as long as its pod lives. */
export interface ContainerKey {
  readonly podUid: string
  readonly container: string
}

/** Who looks at a program from outside the cluster. */
export interface Remote {
  readonly stdin: boolean
  readonly tty: boolean
  readonly stdout: Sink
  readonly stderr: Sink
}

/** A program that someone outside is connected with. */
export interface Attachment {
  /** Resolves with the exit code. */
  readonly over: Promise<number>
  readonly input: {
    write(bytes: Buffer): Promise<void>
    end(): void
    resize(size: { readonly columns: number; readonly rows: number }): void
  }
  /** The one outside is gone. */
  stop(): void
}

/** Plays the container runtime of every node: programs, their output, their end. */
export interface ContainerRuntime {
  /**
   * Starts the container's program once more; the output of the run before stays readable as `previous`. `exited` is
   * called once, never before `start` has returned.
   *
   * @throws MissingReference when a secret or config map that the container needs is not there.
   */
  start(pod: KubeObject, container: Fields, exited: (exit: Exit) => void): void
  /** Plays a container that the cluster began with, when its status says that it runs; does nothing a second time. */
  adopt(pod: KubeObject, container: Fields): void
  /** True while the program of the container runs. */
  runs(key: ContainerKey): boolean
  /** Tells every program of the pod to end. */
  stop(podUid: string): void
  /** Ends every program of the pod and forgets its output. */
  forget(podUid: string): void
  /** The output of the present run, or of the one before. */
  log(key: ContainerKey, previous: boolean): Log | undefined
  /** Runs a command in a container that runs; undefined when it does not. `over` rejects when it has no such command. */
  exec(key: ContainerKey, argv: readonly string[], remote: Remote): Attachment | undefined
  /** Joins the program of a container that runs; undefined when it does not. */
  attach(key: ContainerKey, remote: Remote): Attachment | undefined
  /** A connection to a port of a pod; undefined when nobody listens there. */
  dial(podUid: string, port: number): Connection | undefined
  /** Ends every program; nothing calls back afterwards. */
  close(): void
}
