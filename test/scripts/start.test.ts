import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, smallCheckout } from './checkout.ts'

test('started through a symlink from elsewhere: builds once, keeps the folder, arguments and exit code', async () => {
  await using checkout = await smallCheckout()
  const start = join(checkout.folder, 'start')
  await symlink(join(checkout.path, 'scripts/start'), start)
  const here = { cwd: checkout.folder, env: checkout.env }

  const first = await run(start, [], here)
  expect(JSON.parse(first.stdout)).toEqual({ args: ['shell', '--practice'], cwd: checkout.folder })
  expect(first).toMatchObject({ code: 0, stderr: 'chaperone: building…\n' })

  const second = await run(start, ['fail', 'two words', `it's`], here)
  expect(JSON.parse(second.stdout)).toMatchObject({ args: ['fail', 'two words', `it's`] })
  expect(second).toMatchObject({ code: 7, stderr: '' })
})

test('a changed and a removed source are built again', async () => {
  await using checkout = await smallCheckout()
  const start = () => run(join(checkout.path, 'scripts/start'), [], { cwd: checkout.path, env: checkout.env })
  await writeFile(join(checkout.path, 'src/other.ts'), 'export const other = 1\n')
  await start()
  await writeFile(join(checkout.path, 'src/main.ts'), `console.log('changed')\n`)
  expect(await start()).toMatchObject({ stdout: 'changed\n', stderr: 'chaperone: building…\n' })
  await rm(join(checkout.path, 'src/other.ts'))
  expect(await start()).toMatchObject({ stdout: 'changed\n', stderr: 'chaperone: building…\n' })
  expect(await start()).toMatchObject({ stdout: 'changed\n', stderr: '' })
})

test('a source that does not compile is told and nothing old runs', async () => {
  await using checkout = await smallCheckout()
  await writeFile(join(checkout.path, 'src/main.ts'), `export const port: number = '6443'\n`)
  const { code, stdout, stderr } = await run(join(checkout.path, 'scripts/start'), [], {
    cwd: checkout.path,
    env: checkout.env,
  })
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/src\/main\.ts.*error TS2322[^]*The build failed/)
})

test('a signal reaches the program', async () => {
  await using checkout = await smallCheckout()
  const child = spawn(join(checkout.path, 'scripts/start'), ['stay'], {
    env: checkout.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([9, null])
})

test.each([
  ['an old Node.js', { node: 'echo 18.19.1' }, 'Node.js 18.19.1 is too old. Install Node 20 or newer'],
  ['a broken Node.js', { node: 'exit 1' }, 'The installed Node.js does not run.'],
  [
    'a failing npm',
    { node: 'echo 20.1.0', npm: 'echo no space left; exit 1' },
    'The dependencies could not be installed',
  ],
])('%s is one clear sentence', async (_name, programs, sentence) => {
  await using checkout = await smallCheckout(programs)
  await rm(join(checkout.path, 'node_modules'), { recursive: true })
  const { code, stdout, stderr } = await run(join(checkout.path, 'scripts/start'), [], {
    cwd: checkout.path,
    env: checkout.env,
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`chaperone: ${sentence}`)
})
