import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { helmPath, kubectlPath } from './kubectl.ts'

test('the pinned kubectl and helm run', async () => {
  const run = promisify(execFile)
  expect((await run(await kubectlPath(), ['version', '--client'])).stdout).toContain('Client Version: v1.31')
  expect((await run(await helmPath(), ['version', '--short'])).stdout).toMatch(/^v3\./)
})
