import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'
import { temporaryFolder } from '../support/tmp.ts'

const cast = [
  { version: 3, term: { cols: 80, rows: 24 } },
  [1, 'o', '\u001b]52;c;Zm9yZ2Vk\u0007$ \u001b[1mls\u001b[0m\r\n'],
  [60, 'm', 'held: delete pods'],
  [1, 'o', 'file\r\n'],
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('')

let parts: AsyncDisposableStack
let folder: string
beforeAll(async () => {
  parts = new AsyncDisposableStack()
  folder = parts.use(await temporaryFolder()).path
  await writeFile(join(folder, 'one.cast'), cast)
  await writeFile(join(folder, 'one.cast.gz'), gzipSync(cast))
  await writeFile(join(folder, 'torn.cast'), cast.replace('[60', '60'))
})
afterAll(() => parts.disposeAsync())

const replay = (name: string, ...args: readonly string[]) =>
  runCli(['replay', join(folder, name), ...args], { env: { HOME: folder } })

it('a pipe gets text that nothing can misread', async () => {
  const { stdout, stderr, code } = await replay('one.cast.gz')
  expect({ stdout, stderr, code }).toEqual({ stdout: '$ ls\nfile\n', stderr: '', code: 0 })
})

it('a screen reader gets lines with their times', async () => {
  const { stdout } = await replay('one.cast', '--ui=line')
  expect(stdout).toBe('[00:01] $ ls\n[00:03] ◆ held: delete pods\n[00:04] file\n')
  expect((await replay('one.cast', '--ui=line', '--start=4')).stdout).toBe('[00:04] file\n')
  expect((await replay('one.cast', '--markers')).stdout).toBe('00:03\theld: delete pods\n')
})

it('a damaged recording shows what is there, and says which line is not', async () => {
  const { stdout, stderr, code } = await replay('torn.cast')
  expect([stdout, code]).toEqual(['$ ls\nfile\n', 0])
  expect(stderr).toMatch(/^chaperone: Line 3 of the recording is damaged and left out/)
})
