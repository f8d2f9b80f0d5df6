import { readList, readText, type Fields, type KubeObject } from '../state/objects.ts'
import type { Store } from '../state/store.ts'
import { programOf } from './choose.ts'
import { environmentOf, MissingReference } from './environment.ts'
import type { Files } from './files.ts'
import { Log } from './log.ts'
import { connectionPair } from './network.ts'
import { pastLines } from './phrases.ts'
import { nothing, Pipe, type Sink } from './pipe.ts'
import { exit, type Connection, type Machine } from './process.ts'
import { findProgram } from './programs/index.ts'
import type { Attachment, ContainerKey, ContainerRuntime, Exit, Remote } from './runtime.ts'
import { Tty } from './tty.ts'
import { filesOf, volumesOf, type VolumeSources } from './volumes.ts'

/** Time that a program has to end by itself once it is told to; programs here notice at once. */
const interruptCode = exit.interrupted

interface Run {
  readonly log: Log
  readonly stop: AbortController
  /** Standard input of the program; undefined when its spec has none. */
  readonly stdin: Pipe | undefined
  readonly tty: Tty | undefined
  /** Those who see the output as it comes. */
  readonly watchers: Set<Remote>
  readonly over: Promise<number>
  ended: boolean
}

interface Box {
  readonly spec: Fields
  readonly files: Files
  run: Run | undefined
  previous: Log | undefined
}

interface Pod {
  readonly object: KubeObject
  readonly volumes: ReadonlyMap<string, Files>
  readonly boxes: Map<string, Box>
  readonly listeners: Map<number, (connection: Connection) => void>
}

export interface RuntimeOptions extends VolumeSources {
  readonly store: Store
  readonly now: () => Date
}

/** Plays the containers of all pods inside this process, each with its own files, variables, log and programs. */
export class LocalRuntime implements ContainerRuntime {
  readonly #options: RuntimeOptions
  readonly #pods = new Map<string, Pod>()
  #closed = false

  constructor(options: RuntimeOptions) {
    this.#options = options
  }

  start(pod: KubeObject, spec: Fields, exited: (exit: Exit) => void): void {
    const box = this.#box(pod, spec)
    const before = box.run
    if (before !== undefined && !before.ended) return
    box.previous = before?.log ?? box.previous
    const run = this.#launch(pod, box, (log) => void log)
    box.run = run
    void run.over.then((code) => {
      if (this.#closed || !this.#pods.has(pod.metadata.uid)) return
      exited({ code, reason: code === 0 ? 'Completed' : 'Error', finishedAt: this.#options.now() })
    })
  }

  runs({ podUid, container }: ContainerKey): boolean {
    const run = this.#pods.get(podUid)?.boxes.get(container)?.run
    return run !== undefined && !run.ended
  }

  /** A container that the cluster began with: it runs since before there was a runtime, and has a past. */
  adopt(pod: KubeObject, spec: Fields): void {
    const { uid } = pod.metadata
    const name = readText(spec, 'name')
    if (this.#closed || this.#pods.get(uid)?.boxes.get(name)?.run !== undefined) return
    const box = this.#adoptable(pod, spec)
    if (box === undefined) return
    const past = (log: Log) => pastLines(pod, name, this.#options.now()).forEach((line) => log.add(line))
    const status = readList(pod, 'status.containerStatuses').find((one) => one['name'] === name)
    if (status?.['ready'] === true) {
      box.run = this.#launch(pod, box, past)
      return
    }
    const log = new Log(this.#options.now)
    past(log)
    log.close()
    box.run = {
      log,
      stop: new AbortController(),
      stdin: undefined,
      tty: undefined,
      watchers: new Set(),
      over: Promise.resolve(0),
      ended: true,
    }
    if (Number(status?.['restartCount'] ?? 0) > 0) box.previous = log
  }

  stop(podUid: string): void {
    for (const { run } of this.#pods.get(podUid)?.boxes.values() ?? []) run?.stop.abort(143)
  }

  forget(podUid: string): void {
    const pod = this.#pods.get(podUid)
    this.#pods.delete(podUid)
    for (const { run } of pod?.boxes.values() ?? []) run?.stop.abort(exit.killed)
  }

  close(): void {
    this.#closed = true
    for (const uid of [...this.#pods.keys()]) this.forget(uid)
  }

  log({ podUid, container }: ContainerKey, previous: boolean): Log | undefined {
    const box = this.#pods.get(podUid)?.boxes.get(container)
    return previous ? box?.previous : box?.run?.log
  }

  exec(key: ContainerKey, argv: readonly string[], remote: Remote): Attachment | undefined {
    const pod = this.#pods.get(key.podUid)
    const box = pod?.boxes.get(key.container)
    if (pod === undefined || box?.run === undefined || box.run.ended) return undefined
    const stop = new AbortController()
    box.run.stop.signal.addEventListener('abort', () => stop.abort(exit.killed), { once: true })
    const program = findProgram(argv[0] ?? '')
    if (program === undefined) return refusedCommand(argv[0] ?? '')
    const tty = remote.tty ? new Tty(remote.stdout, () => stop.abort(interruptCode)) : undefined
    const stdin = remote.stdin && tty === undefined ? new Pipe() : undefined
    const machine = this.#machine(pod, box, tty)
    const variables = environmentOf(this.#options.store, pod.object, box.spec)
    const over = program({
      argv,
      env: tty === undefined ? variables : { TERM: 'xterm', ...variables },
      cwd: '/',
      stdin: tty?.input ?? stdin ?? nothing,
      stdout: tty?.output ?? remote.stdout,
      stderr: tty?.output ?? remote.stderr,
      machine,
      signal: stop.signal,
    }).catch((thrown: unknown) => failedProgram(thrown, remote.stderr))
    return { over: raced(over, stop.signal), input: inputOf(tty, stdin), stop: () => stop.abort(exit.killed) }
  }

  attach(key: ContainerKey, remote: Remote): Attachment | undefined {
    const run = this.#pods.get(key.podUid)?.boxes.get(key.container)?.run
    if (run === undefined || run.ended) return undefined
    run.watchers.add(remote)
    const left = Promise.withResolvers<number>()
    return {
      over: Promise.race([run.over, left.promise]),
      input: inputOf(run.tty, remote.stdin ? run.stdin : undefined),
      stop: () => {
        run.watchers.delete(remote)
        left.resolve(0)
      },
    }
  }

  dial(podUid: string, port: number): Connection | undefined {
    const serve = this.#pods.get(podUid)?.listeners.get(port)
    if (serve === undefined) return undefined
    const { caller, server } = connectionPair()
    serve(server)
    return caller
  }

  /** What lacks a secret or config map by now cannot be played, and shows as not running. */
  #adoptable(pod: KubeObject, spec: Fields): Box | undefined {
    try {
      environmentOf(this.#options.store, pod, spec)
      return this.#box(pod, spec)
    } catch (thrown) {
      if (thrown instanceof MissingReference) return undefined
      throw thrown
    }
  }

  #box(pod: KubeObject, spec: Fields): Box {
    const { uid } = pod.metadata
    const home = this.#pods.get(uid) ?? {
      object: pod,
      volumes: volumesOf(this.#options, pod),
      boxes: new Map<string, Box>(),
      listeners: new Map<number, (connection: Connection) => void>(),
    }
    this.#pods.set(uid, home)
    const name = readText(spec, 'name')
    const box = home.boxes.get(name) ?? {
      spec,
      files: filesOf(spec, home.volumes, pod),
      run: undefined,
      previous: undefined,
    }
    home.boxes.set(name, box)
    return box
  }

  #launch(object: KubeObject, box: Box, prepare: (log: Log) => void): Run {
    const pod = this.#pods.get(object.metadata.uid)
    if (pod === undefined) throw new Error('A container needs its pod.')
    const { spec } = box
    const log = new Log(this.#options.now)
    prepare(log)
    const stop = new AbortController()
    const watchers = new Set<Remote>()
    const to = (which: 'stdout' | 'stderr'): Sink => ({
      write: async (bytes) => {
        log.write(bytes)
        await Promise.all([...watchers].map((remote) => remote[which].write(bytes)))
        return !stop.signal.aborted
      },
    })
    const tty = spec['tty'] === true ? new Tty(to('stdout'), () => stop.abort(interruptCode)) : undefined
    const stdin = spec['stdin'] === true ? (tty?.input ?? new Pipe()) : undefined
    const variables = environmentOf(this.#options.store, object, spec)
    const { argv, program } = programOf(object, spec, variables)
    const begin = async (): Promise<number> => {
      if (program === undefined) return await notFound(argv[0] ?? '', to('stderr'))
      return await program({
        argv,
        env: variables,
        cwd: readText(spec, 'workingDir') || '/',
        stdin: stdin ?? nothing,
        stdout: tty?.output ?? to('stdout'),
        stderr: tty?.output ?? to('stderr'),
        machine: this.#machine(pod, box, tty),
        signal: stop.signal,
      })
    }
    const over = raced(
      begin().catch((thrown: unknown) => failedProgram(thrown, to('stderr'))),
      stop.signal,
    )
    const run: Run = { log, stop, stdin, tty, watchers, over, ended: false }
    void over.then(() => {
      run.ended = true
      log.close()
    })
    return run
  }

  #machine(pod: Pod, box: Box, tty: Tty | undefined): Machine {
    return {
      files: box.files,
      hostname: pod.object.metadata.name,
      now: this.#options.now,
      ...(tty === undefined ? {} : { terminal: () => ({ columns: tty.columns, rows: tty.rows }) }),
      listen: (port, serve, signal) => {
        pod.listeners.set(port, serve)
        signal.addEventListener('abort', () => pod.listeners.delete(port), { once: true })
      },
      dial: (host, port) => this.#dialName(pod.object.metadata.namespace ?? '', host, port),
    }
  }

  /** By the name or address of a service or pod, as the cluster's DNS has them. */
  #dialName(namespace: string, host: string, port: number): Connection | undefined {
    const { store } = this.#options
    const [name = '', other = namespace] = host.split('.')
    if (host === 'localhost' || host === '127.0.0.1') return undefined
    const service =
      store.get('/services', other, name) ??
      store.list('/services').find((one) => readText(one, 'spec.clusterIP') === host)
    if (service !== undefined) {
      const target = serviceTarget(store, service, port)
      return target === undefined ? undefined : this.dial(target.podUid, target.port)
    }
    const pod = store.list('/pods').find((one) => readText(one, 'status.podIP') === host)
    return pod === undefined ? undefined : this.dial(pod.metadata.uid, port)
  }
}

/** A ready pod behind a port of a service. */
function serviceTarget(
  store: Pick<Store, 'get'>,
  service: KubeObject,
  port: number,
): { readonly podUid: string; readonly port: number } | undefined {
  const { namespace, name } = service.metadata
  const wanted = readList(service, 'spec.ports').find((one) => one['port'] === port)
  const endpoints = store.get('/endpoints', namespace, name)
  for (const subset of readList(endpoints, 'subsets')) {
    const ports = readList(subset, 'ports')
    const found = ports.find((one) => readText(one, 'name') === readText(wanted, 'name')) ?? ports[0]
    const [address] = readList(subset, 'addresses')
    const podUid = readText(address, 'targetRef.uid')
    if (wanted !== undefined && podUid !== '') return { podUid, port: Number(found?.['port'] ?? port) }
  }
  return undefined
}

/** Ends with the program, or soon after it was told to end, whatever it does. */
async function raced(over: Promise<number>, signal: AbortSignal): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const code = () => (typeof signal.reason === 'number' ? signal.reason : exit.killed)
  if (signal.aborted) resolve(code())
  signal.addEventListener('abort', () => setImmediate(() => resolve(code())), { once: true })
  return await Promise.race([over, promise])
}

function inputOf(tty: Tty | undefined, stdin: Pipe | undefined): Attachment['input'] {
  return {
    write: async (bytes) => {
      if (tty === undefined) await stdin?.write(bytes)
      else await tty.type(bytes)
    },
    end: () => {
      if (tty === undefined) stdin?.end()
    },
    resize: (size) => tty?.resize(size),
  }
}

function refusedCommand(name: string): Attachment {
  const message = `OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(name)}: executable file not found in $PATH`
  const input = { write: () => Promise.resolve(), end: () => {}, resize: () => {} }
  return { over: Promise.reject(new CommandNotFound(message)), input, stop: () => {} }
}

/** A command that a container does not have. */
class CommandNotFound extends Error {
  override readonly name = 'CommandNotFound'
}

async function notFound(name: string, stderr: Sink): Promise<number> {
  await stderr.write(`exec: ${JSON.stringify(name)}: executable file not found in $PATH\n`)
  return exit.notFound
}

/** A slip in a built-in program ends that program, with what went wrong on its standard error. */
async function failedProgram(thrown: unknown, stderr: Sink): Promise<number> {
  await stderr.write(`${String(thrown)}\n`)
  return exit.failed
}
