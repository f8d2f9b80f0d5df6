import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli, startCli } from './cli.ts'
import { temporaryFolder } from './tmp.ts'

test('a command line that makes no sense ends with a code and a sentence, and prints nothing to standard output', async () => {
  const { stdout, stderr, code } = await runCli(['no-such-verb'])
  expect(code).not.toBe(0)
  expect(stderr).toMatch(/no-such-verb/)
  expect(stdout).toBe('')
})

test('a practice cluster says where it is, and ends when asked', async () => {
  await using folder = await temporaryFolder()
  const kubeconfig = join(folder.path, 'kubeconfig')
  const args = ['practice', '--kubeconfig-out', kubeconfig]
  await using practice = await startCli<{ pid: number }>(args, join(folder.path, 'ready.json'))
  expect(practice.ready.pid).toBe(practice.pid)
  expect(await readFile(kubeconfig, 'utf8')).toContain('server: https://127.0.0.1')
  const { code, signal } = await practice.stop()
  expect({ code, signal }).toEqual({ code: 0, signal: null })
})

test('one that cannot start is an error with its own words', async () => {
  await using folder = await temporaryFolder()
  const start = startCli(['practice', '--no-such-option'], join(folder.path, 'ready.json'))
  await expect(start).rejects.toThrow(/practice --no-such-option.*ended \(\d+\): .*no-such-option/s)
})
