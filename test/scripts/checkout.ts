import { execFile, execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/tmp.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What `scripts/start` runs here: it tells its arguments and folder, or does as the first argument says. */
const program = `
const [first = ''] = process.argv.slice(2)
if (first === 'fail') process.exitCode = 7
if (first === 'stay') {
  process.on('SIGTERM', () => process.exit(9))
  setInterval(() => undefined, 60_000)
}
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() }))
`

/**
 * A checkout with a space in its path, this project's scripts, a program of a few lines and the dependencies that compile it.
 * `programs` are put first on PATH as shell scripts; npm there fails, so that nothing is ever installed.
 */
export async function smallCheckout(programs: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'a checkout')
  const bin = join(folder.path, 'bin')
  for (const name of ['src', 'ui', 'node_modules']) await mkdir(join(path, name), { recursive: true })
  await cp(join(root, 'scripts'), join(path, 'scripts'), { recursive: true })
  await cp(join(root, 'tsconfig.json'), join(path, 'tsconfig.json'))
  await writeFile(join(path, 'package.json'), '{"type":"module"}')
  await writeFile(join(path, 'package-lock.json'), '{}')
  await writeFile(join(path, 'src/main.ts'), program)
  for (const name of ['.bin', '@types', '@typescript', 'typescript', 'undici-types']) {
    await symlink(join(root, 'node_modules', name), join(path, 'node_modules', name))
  }
  const stamp = execFileSync('cksum', { input: '{}' })
  await writeFile(join(path, 'node_modules/.installed-lockfile'), stamp)
  await mkdir(bin)
  for (const [name, script] of Object.entries({ npm: 'exit 99', kubectl: 'exit 0', ...programs })) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(bin, name), 0o755)
  }
  return {
    folder: folder.path,
    path,
    env: { ...process.env, PATH: [bin, process.env['PATH']].join(delimiter) },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

export interface Ran {
  readonly code: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Runs a file to its end and gives what it said. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Ran> {
  return new Promise((done) => {
    execFile(file, [...args], options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}
