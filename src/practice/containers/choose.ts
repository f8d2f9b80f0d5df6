import { readList, readNumber, readText, readTexts, type Fields, type KubeObject } from '../state/objects.ts'
import { expanded } from './environment.ts'
import { nextLine } from './phrases.ts'
import { endCode, exit, pause, type Program } from './process.ts'
import { httpEcho, silentListener } from './programs/network.ts'
import { findProgram } from './programs/index.ts'

/** Time between two lines of a ticking logger. */
const tickMs = 1000

/** How long a job works. */
const workMs = 900

/** What a container runs: its command when it has one, else what its image is known for. */
export function programOf(pod: KubeObject, container: Fields, variables: Readonly<Record<string, string>>) {
  const command = readTexts(container, 'command')
  const args = readTexts(container, 'args').map((text) => expanded(text, variables))
  const argv = [...command.map((text) => expanded(text, variables)), ...args]
  if (command.length > 0) return { argv, program: findProgram(argv[0] ?? '') }
  const image = readText(container, 'image')
  const name = image.replace(/^.*\//, '').replace(/[:@].*$/, '')
  if (/^(busybox|alpine|debian|ubuntu)$/.test(name)) {
    const own = args.length === 0 ? ['sh'] : args
    return { argv: own, program: findProgram(own[0] ?? '') }
  }
  return { argv: [name, ...args], program: imageProgram(pod, container, name, image) }
}

function imageProgram(pod: KubeObject, container: Fields, name: string, image: string): Program {
  if ((pod.metadata.ownerReferences ?? []).some(({ kind }) => kind === 'Job')) return working(pod, container)
  const port = readNumber(readList(container, 'ports')[0], 'containerPort')
  if (/crash|loyalty-points:2\.3\.0/.test(image)) return crashing(pod, container)
  if (/postgres|redis|mysql|mongo/.test(name)) {
    return silentListener(port || 5432, [`${name} is starting`, 'database system is ready to accept connections'])
  }
  if (/nginx|httpd|web|echo|agnhost/.test(name)) return serving(httpEcho(port || 80), ticking(pod, container))
  return port > 0 ? serving(httpEcho(port), ticking(pod, container)) : ticking(pod, container)
}

/** Serves, and says what such a program says besides. */
function serving(server: Program, besides: Program): Program {
  return async (io) => {
    const [code] = await Promise.all([server({ ...io, stdout: { write: () => Promise.resolve(true) } }), besides(io)])
    return code
  }
}

function ticking(pod: KubeObject, container: Fields): Program {
  const name = readText(container, 'name')
  return async (io) => {
    for (let index = 0; !io.signal.aborted; index += 1) {
      await io.stdout.write(`${nextLine(pod, name, index, io.machine.now()).text}\n`)
      await pause(tickMs, io.signal)
    }
    return endCode(io)
  }
}

/** What a job does when its image alone says what. */
function working(pod: KubeObject, container: Fields): Program {
  const name = readText(container, 'name')
  return async (io) => {
    await io.stdout.write(`${nextLine(pod, name, 0, io.machine.now()).text}\n`)
    await pause(workMs, io.signal)
    if (io.signal.aborted) return endCode(io)
    await io.stdout.write('done\n')
    return exit.ok
  }
}

function crashing(pod: KubeObject, container: Fields): Program {
  const name = readText(container, 'name')
  return async (io) => {
    for (let index = 0; index < 4; index += 1) {
      await io.stdout.write(`${nextLine(pod, name, index, io.machine.now(), true).text}\n`)
    }
    return exit.failed
  }
}
