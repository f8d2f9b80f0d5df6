import { expect, it } from 'vitest'
import { runCli, type CliResult } from '../support/cli.ts'

const widest = (text: string) => Math.max(...text.split('\n').map((line) => Array.from(line).length))

it('the overview and every command explain themselves in 80 columns, with two examples', async () => {
  const overview = await runCli(['--help'])
  expect([overview.code, overview.stderr]).toEqual([0, ''])
  const listed = /\nCommands\n(.*?)\n\n/s.exec(overview.stdout)?.[1] ?? ''
  const names = listed.split('\n').flatMap((line) => /^ {2}(\S+)/.exec(line)?.[1] ?? [])
  expect(names).toEqual(expect.arrayContaining(['shell', 'run', 'why', 'completion']))
  const pages: CliResult[] = []
  for (const name of names) pages.push(await runCli([name, '--help']))
  for (const [index, { stdout, stderr, code }] of pages.entries()) {
    const name = names[index] ?? ''
    expect([name, code, stderr]).toEqual([name, 0, ''])
    expect([name, widest(stdout)]).toEqual([name, expect.toSatisfy((columns: number) => columns <= 80)])
    const examples = /\nExamples?\n(.*)/s.exec(stdout)?.[1]?.trimEnd().split('\n') ?? []
    expect([name, examples.length]).toEqual([name, expect.toSatisfy((count: number) => count >= 2)])
  }
  expect((await runCli(['help', names[0] ?? ''])).stdout).toBe(pages[0]?.stdout)
  expect(widest(overview.stdout)).toBeLessThanOrEqual(80)
}, 90_000)

it('the exit codes have a page, and the version is one line', async () => {
  const codes = await runCli(['help', 'exit-codes'])
  for (const code of [120, 121, 122, 125, 126, 127]) expect(codes.stdout).toContain(`\n  ${code}  `)
  expect((await runCli(['--version'])).stdout).toMatch(/^chaperone \d+\.\d+\.\d+\n$/)
})
