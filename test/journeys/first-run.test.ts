import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtMain, pinnedNode, runCli, startCli } from '../support/cli.ts'
import { openPty } from '../support/pty.ts'
import { temporaryFolder } from '../support/tmp.ts'

let parts: AsyncDisposableStack
let folder: string
let kubeconfig: string
beforeAll(async () => {
  parts = new AsyncDisposableStack()
  folder = parts.use(await temporaryFolder()).path
  kubeconfig = join(folder, 'kubeconfig')
  const practice = ['practice', '--kubeconfig-out', kubeconfig]
  parts.use(await startCli(practice, join(folder, 'ready.json'), { env: { HOME: folder } }))
})
afterAll(() => parts.disposeAsync())

/** A home of its own for each story, with nothing in it. */
async function newcomer(name: string) {
  const home = join(folder, name)
  await mkdir(home)
  const state = join(home, 'state')
  const env = { HOME: home, CHAPERONE_STATE: state }
  return {
    state,
    home,
    clusters: join(state, 'clusters.json'),
    run: (args: readonly string[], more: Record<string, string> = {}) => runCli(args, { env: { ...env, ...more } }),
    terminal: (args: readonly string[], more: Record<string, string> = {}) =>
      openPty(pinnedNode, [builtMain, ...args], { env: { ...env, ...more }, cols: 120 }),
  }
}

describe('the first use of a cluster', () => {
  it('shows what it would use and asks once; yes is remembered for this cluster, privately', async () => {
    const person = await newcomer('asks')
    const command = ['run', '--', 'echo', 'it ran']
    await using first = person.terminal(command, { KUBECONFIG: kubeconfig })
    const screen = await first.waitForScreen('[y/N]')
    expect(screen).toMatch(
      /context +practice\n +from +.*kubeconfig\n +server +https:\/\/127.0.0.1:\d+\/?\n +user +\S+, by token/,
    )
    expect(screen).toMatch(/policy +built-in\n +mode +local/)
    first.type('y\r')
    expect((await first.exit).code).toBe(0)
    expect(first.text()).toContain('it ran')
    expect((await stat(person.clusters)).mode & 0o777).toBe(0o600)
    const again = await person.run(command, { KUBECONFIG: kubeconfig })
    expect([again.code, again.stdout]).toEqual([0, 'it ran\n'])
  })

  it('starts nothing on Enter, and nothing on Ctrl-C', async () => {
    const person = await newcomer('declines')
    for (const key of ['\r', '\x03']) {
      await using asked = person.terminal(['run', '--', 'echo', 'it ran'], { KUBECONFIG: kubeconfig })
      await asked.waitForScreen('[y/N]')
      asked.type(key)
      expect((await asked.exit).code).toBe(125)
      expect(asked.text()).toContain('Nothing was started')
      expect(asked.text()).not.toContain('\nit ran')
    }
    await expect(stat(person.clusters)).rejects.toThrow('ENOENT')
  })

  it.each([
    ['run', 125, ['run', '--', 'true']],
    ['serve', 2, ['serve']],
  ] as const)('with nobody to ask, %s names the flags', async (name, code, command) => {
    const person = await newcomer(`script-${name}`)
    const result = await person.run(command, { KUBECONFIG: kubeconfig })
    expect(result.code).toBe(code)
    expect(result.stderr).toMatch(/current context is practice .*--context practice.*--yes/)
  })

  it.each([[['--yes']], [['--context', 'practice']]])('%j is an answer, and is remembered', async (flags) => {
    const person = await newcomer(`answers${flags[0]}`)
    const result = await person.run(['run', ...flags, '--', 'echo', 'it ran'], { KUBECONFIG: kubeconfig })
    expect([result.code, result.stdout]).toEqual([0, 'it ran\n'])
    expect(await readFile(person.clusters, 'utf8')).toContain('"context": "practice"')
  })

  it('asks again when the context leads elsewhere', async () => {
    const person = await newcomer('moved')
    const own = join(person.home, 'own')
    await writeFile(own, await readFile(kubeconfig, 'utf8'))
    const env = { HOME: person.home, KUBECONFIG: own }
    const serve = ['serve', '--state', person.state]
    await (await startCli([...serve, '--yes'], join(person.home, 'ready.json'), { env })).stop()
    const moved = (await readFile(own, 'utf8')).replace(/https:\/\/127\.0\.0\.1:\d+/g, 'https://127.0.0.1:1')
    await writeFile(own, moved)
    for (const command of [serve, [...serve, '--yes']]) {
      expect((await person.run(command, { KUBECONFIG: own })).stderr).toMatch(
        /practice leads to another cluster now: it was https:\/\/127\.0\.0\.1:\d+\/? before/,
      )
    }
  })
})

describe('a broker that already runs', () => {
  it('is joined only for the cluster that is asked for: same name and same server', async () => {
    const person = await newcomer('joins')
    const env = { HOME: person.home, KUBECONFIG: kubeconfig }
    const serve = ['serve', '--yes', '--state', person.state]
    await using _broker = await startCli(serve, join(person.home, 'ready.json'), { env })
    const other = join(person.home, 'other')
    const text = await readFile(kubeconfig, 'utf8')
    await writeFile(other, text.replace(/https:\/\/127\.0\.0\.1:\d+/g, 'https://127.0.0.1:1'))
    const run = (...flags: string[]) =>
      person.run(['run', ...flags, '--', 'echo', 'it ran'], { KUBECONFIG: kubeconfig })
    expect((await run()).stdout).toBe('it ran\n')
    expect((await run('--context', 'practice')).stdout).toBe('it ran\n')
    for (const flags of [['--kubeconfig', other], ['--practice'], ['--kubeconfig', other, '--context', 'practice']]) {
      const result = await run(...flags)
      expect([result.code, result.stdout]).toEqual([125, ''])
      expect(result.stderr).toMatch(/serves practice \(https:.*not what you ask for\. Use it with --context practice/)
    }
  })

  it('on the practice cluster is meant by who has no kubeconfig, and by no one who has', async () => {
    const person = await newcomer('practises-twice')
    const env = { HOME: person.home }
    const serve = ['serve', '--practice', '--state', person.state]
    await using _broker = await startCli(serve, join(person.home, 'ready.json'), { env })
    expect((await person.run(['run', '--', 'echo', 'it ran'])).stdout).toBe('it ran\n')
    const refused = await person.run(['run', '--', 'true'], { KUBECONFIG: kubeconfig })
    expect([refused.code, refused.stderr]).toEqual([125, expect.stringContaining('Use it with --practice')])
  })
})

describe('a person without a kubeconfig', () => {
  it('is offered the practice cluster, and Enter takes it', async () => {
    const person = await newcomer('practises')
    await using asked = person.terminal(['run', '--', 'echo', 'it ran'])
    await asked.waitForScreen('No kubeconfig found. Try the practice cluster? [Y/n]')
    asked.type('\r')
    expect((await asked.exit).code).toBe(0)
    expect(asked.text()).toContain('\nit ran')
    expect(asked.output()).toContain('starting the broker and the practice cluster…')
    expect(asked.text()).not.toContain('starting')
  })

  it('types nothing but `chaperone`, Enter and exit, and has seen a supervised shell', async () => {
    const person = await newcomer('types-one-word')
    await using shell = person.terminal([], { SHELL: '/bin/sh', PS1: '$ ' })
    await shell.waitForScreen('[Y/n]')
    shell.type('\r')
    await shell.waitForScreen(/LOCAL practice/)
    shell.type('kubectl get namespaces\r')
    await shell.waitForScreen('shop-staging')
    shell.type('exit\r')
    expect((await shell.exit).code).toBe(0)
    expect(shell.text()).toContain('chaperone: 1 request; chaperone replay latest')
  })

  it('sees no progress where there is no terminal', async () => {
    const person = await newcomer('piped')
    expect(await person.run(['run', '--practice', '--', 'echo', 'it ran'])).toMatchObject({
      stdout: 'it ran\n',
      stderr: '',
    })
  })

  it('hears where to find it when nobody can be asked, also with an empty file', async () => {
    const person = await newcomer('nothing')
    const empty = join(person.home, 'empty')
    await writeFile(empty, '')
    for (const more of [{}, { KUBECONFIG: empty }, { KUBECONFIG: ':' }]) {
      const result = await person.run(['run', '--', 'true'], more)
      expect([result.code, result.stderr]).toEqual([125, expect.stringContaining('chaperone --practice')])
    }
  })
})
