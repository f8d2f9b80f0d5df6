import { execFile } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/tmp.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const settings = ['package.json', 'tsconfig.json', '.prettierignore']

/** A small project under this project's own settings, for showing that a check sees what it forbids. */
export async function seededProject(files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder()
  for (const name of settings) await cp(join(root, name), join(folder.path, name), { recursive: true })
  await cp(join(root, 'scripts'), join(folder.path, 'scripts'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts') && !path.endsWith('.tsx'),
  })
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'))
  for (const name of ['src', 'ui', 'test']) await mkdir(join(folder.path, name))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text)
  }
  return {
    /** Runs one of package.json's scripts there; `said` is everything it printed. */
    run: (script: string) => runScript(folder.path, script),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

function runScript(cwd: string, script: string): Promise<{ readonly passed: boolean; readonly said: string }> {
  return new Promise((done) => {
    execFile('npm', ['run', '--silent', script], { cwd }, (error, stdout, stderr) => {
      done({ passed: error === null, said: stdout + stderr })
    })
  })
}
