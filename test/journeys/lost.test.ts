import { expect, it } from 'vitest'
import { builtMain, pinnedNode } from '../support/cli.ts'
import { practiceBroker } from './broker.ts'

it('a run whose broker dies hears of it once, and its last line counts what the broker had told', async () => {
  await using broker = await practiceBroker()
  const { kubectl, state, process: serve } = broker
  const counted = `until chaperone sessions list --json --state ${state} | grep -q '"requests": 1'; do :; done`
  const script = [
    `chaperone() { "${pinnedNode}" "${builtMain}" "$@"; }`,
    `${kubectl} get namespaces -o name`,
    counted,
    `kill -9 ${serve.ready.pid}`,
    `while kill -0 ${serve.ready.pid} 2>/dev/null; do :; done`,
    `! ${kubectl} get namespaces`,
  ].join('\n')
  const { code, stdout, stderr } = await broker.chaperone(['run', '--practice', '--', 'sh', '-c', script])
  expect([code, stdout]).toEqual([0, expect.stringContaining('namespace/shop-production')])
  expect(stderr.match(/the broker is lost/g)).toHaveLength(1)
  for (const line of stderr.split('\n')) expect(line).not.toMatch(/does not answer.*does not answer/)
  expect(stderr).toContain('chaperone: 1 request; chaperone replay latest')
}, 60_000)
