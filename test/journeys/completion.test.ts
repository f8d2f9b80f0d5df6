import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtMain, pinnedNode, runCli } from '../support/cli.ts'
import { personsEnvironment } from '../support/environment.ts'
import { openPty, type Pty } from '../support/pty.ts'
import { requireProgram } from '../support/require.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { practiceBroker, type PracticeBroker } from './broker.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

let parts: AsyncDisposableStack
let home: string
let env: Record<string, string>
let broker: PracticeBroker
let heldID: string
beforeAll(async () => {
  parts = new AsyncDisposableStack()
  home = parts.use(await temporaryFolder()).path
  broker = parts.use(await practiceBroker())
  const { stderr } = await broker.kubectlRun(['delete', 'namespace', 'data', '--wait=false'], ['--wait=0'])
  heldID = /h-[a-z2-9]{6}/.exec(stderr)?.[0] ?? 'nothing was held'
  await mkdir(join(home, 'bin'))
  const chaperone = join(home, 'bin', 'chaperone')
  await writeFile(chaperone, `#!/bin/sh\nexec '${pinnedNode}' '${builtMain}' "$@"\n`)
  await chmod(chaperone, 0o755)
  const contexts = ['staging', 'arn:aws:eks:tea'].map((name) => `- {name: "${name}", context: {cluster: c, user: u}}`)
  await writeFile(join(home, 'kubeconfig'), `current-context: staging\ncontexts:\n${contexts.join('\n')}\n`)
  env = {
    HOME: home,
    PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`,
    KUBECONFIG: join(home, 'kubeconfig'),
    CHAPERONE_STATE: broker.state,
    PS1: '$ ',
  }
  for (const shell of shells) {
    const { stdout, code } = await runCli(['completion', shell])
    expect(code).toBe(0)
    await writeFile(join(home, `completion.${shell}`), stdout)
  }
  // Two lines that a person has in the start-up file of the shell.
  await writeFile(
    join(home, '.zshrc'),
    `PS1='$ '\nautoload -Uz compinit && compinit -u\nsource ${home}/completion.zsh\n`,
  )
  await writeFile(join(home, 'bashrc'), `PS1='$ '\nsource ${home}/completion.bash\n`)
  await mkdir(join(home, '.config', 'fish', 'completions'), { recursive: true })
  const fishPrompt = "function fish_prompt; echo -n '$ '; end\nfunction fish_greeting; end\n"
  await writeFile(join(home, '.config', 'fish', 'config.fish'), `${fishPrompt}source ${home}/completion.fish\n`)
})
afterAll(() => parts.disposeAsync())

const interactive: Readonly<Record<Shell, () => readonly string[]>> = {
  bash: () => ['--noprofile', '--rcfile', join(home, 'bashrc'), '-i'],
  zsh: () => ['-i'],
  fish: () => ['-i'],
}

async function open(shell: Shell): Promise<Pty> {
  const pty = openPty(requireProgram(shell), interactive[shell](), { env, cwd: home, cols: 120 })
  await pty.waitForScreen('$')
  return pty
}

/** Types a line and Tab, and waits until the line is what is wanted; then takes it back with Ctrl-U. */
async function tab(pty: Pty, typed: string, wanted: string): Promise<void> {
  const hasLine = (line: string) => (screen: string) => screen.split('\n').some((one) => one.trimEnd() === line)
  pty.type(`${typed}\t`)
  await pty.waitForScreen(hasLine(`$ ${wanted}`))
  pty.type('\x15')
  await pty.waitForScreen(hasLine('$'))
}

describe.each(shells)('in %s, Tab', (shell) => {
  it('completes commands, options, their values and what is there now', async () => {
    await using pty = await open(shell)
    await tab(pty, 'chaperone recor', 'chaperone recordings')
    await tab(pty, 'chaperone recordings --js', 'chaperone recordings --json')
    await tab(pty, 'chaperone run --prac', 'chaperone run --practice')
    await tab(pty, 'chaperone run --ui=f', 'chaperone run --ui=full')
    await tab(pty, 'chaperone run --ui n', 'chaperone run --ui none')
    await tab(pty, 'chaperone --context sta', 'chaperone --context staging')
    await tab(pty, 'chaperone shell --context=sta', 'chaperone shell --context=staging')
    await tab(pty, 'chaperone held app', 'chaperone held approve')
    await tab(pty, 'chaperone held show h-', `chaperone held show ${heldID}`)
    await tab(pty, `chaperone why ${heldID.slice(0, 3)}`, `chaperone why ${heldID}`)
    await tab(pty, 'chaperone replay la', 'chaperone replay latest')
    await tab(pty, 'chaperone run --config compl', 'chaperone run --config completion.')
    await tab(pty, 'chaperone help exit', 'chaperone help exit-codes')
  }, 60_000)

  it('completes a command of one’s own after the two dashes', async () => {
    await using pty = await open(shell)
    await tab(pty, 'chaperone run -- chaper', 'chaperone run -- chaperone')
    await tab(pty, 'chaperone run --practice -- cat completion.b', 'chaperone run --practice -- cat completion.bash')
  })
})

it('a context with colons is completed whole, where bash splits words and where it does not', async () => {
  const { stdout } = await promisify(execFile)(
    requireProgram('bash'),
    [
      '--norc',
      '-c',
      `source ${home}/completion.bash
      COMP_LINE='chaperone run --context arn:aw' COMP_POINT=31
      COMP_WORDS=(chaperone run --context arn : aw) COMP_CWORD=5
      _chaperone; echo "\${COMPREPLY[@]}"
      COMP_WORDBREAKS=' ' COMP_WORDS=(chaperone run --context arn:aw) COMP_CWORD=3
      _chaperone; echo "\${COMPREPLY[@]}"`,
    ],
    { env: personsEnvironment(env) },
  )
  expect(stdout).toBe('aws:eks:tea\narn:aws:eks:tea\n')
})

it('a name from a kubeconfig is never run, and stands quoted on the line', async () => {
  const names = ['$(touch${IFS}ran)', '`touch${IFS}ran`', 'a;touch${IFS}ran', '*', "it's"]
  const hostile = join(home, 'hostile')
  const contexts = names.map((name) => `- {name: ${JSON.stringify(name)}, context: {cluster: c, user: u}}`)
  await writeFile(hostile, `contexts:\n${contexts.join('\n')}\n`)
  const asked = async (typed: string) => {
    const { stdout } = await promisify(execFile)(
      requireProgram('bash'),
      [
        '--norc',
        '-c',
        `source ${home}/completion.bash
        COMP_LINE="chaperone --context $1" COMP_POINT=100 COMP_WORDS=(chaperone --context "$1") COMP_CWORD=2
        _chaperone
        for one in "\${COMPREPLY[@]}"; do eval "printf '%s\\n' $one"; done`,
        'bash',
        typed,
      ],
      { cwd: home, env: personsEnvironment({ ...env, KUBECONFIG: hostile }) },
    )
    return stdout.split('\n').filter((line) => line !== '')
  }
  expect((await asked('')).toSorted()).toEqual(names.toSorted())
  expect(await asked('$(')).toEqual(['$(touch${IFS}ran)'])
  expect(existsSync(join(home, 'ran'))).toBe(false)

  for (const shell of ['zsh', 'fish'] as const) {
    await using pty = openPty(requireProgram(shell), interactive[shell](), {
      env: { ...env, KUBECONFIG: hostile },
      cwd: home,
      cols: 120,
    })
    await pty.waitForScreen('$')
    pty.type('chaperone --context it\t')
    await pty.waitForScreen(/--context (it\\'s|"it's")/)
    pty.type('\x15')
    pty.type('chaperone --context a\t')
    await pty.waitForScreen(/--context (a\\;|'a;)/)
    pty.type('\x15echo all "done"\r')
    await pty.waitForScreen('all done')
  }
  expect(existsSync(join(home, 'ran'))).toBe(false)
}, 60_000)

it('what is looked up goes wrong quietly: a person is typing', async () => {
  const broken = join(home, 'broken')
  await writeFile(broken, '{{{')
  const result = await runCli(['__complete', 'contexts', '--', 'run'], { env: { ...env, KUBECONFIG: broken } })
  expect([result.stdout, result.stderr]).toEqual(['', ''])
})

it('no shell named, or another one, is a usage error', async () => {
  for (const args of [['completion'], ['completion', 'tcsh']]) {
    expect(await runCli(args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('bash, zsh or fish') as string,
    })
  }
})
