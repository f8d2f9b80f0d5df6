import { expect, it } from 'vitest'
import { builtMain, pinnedNode } from '../support/cli.ts'
import { openPty } from '../support/pty.ts'
import { brokerOfFile } from './broker.ts'

const broker = brokerOfFile()

const password = 'correct horse battery staple'
const asking = ['reveal', '--practice', 'secret/db-canary', 'password']

async function waitingID(): Promise<string> {
  for (;;) {
    const { stdout } = await broker.chaperone(['held', 'list', '--json'])
    const [held] = JSON.parse(stdout) as { id: string }[]
    if (held !== undefined) return held.id
  }
}

it('a value is seen once by who asked, after a second person has approved, and no file has it', async () => {
  const made = await broker.kubectlRun([
    'create',
    'secret',
    'generic',
    'db-canary',
    `--from-literal=password=${password}`,
  ])
  expect(made.code).toBe(0)
  const masked = await broker.kubectlRun(['get', 'secret', 'db-canary', '-o', 'jsonpath={.data.password}'])
  expect(Buffer.from(masked.stdout, 'base64').toString()).not.toContain(password)

  const asked = broker.chaperone(asking)
  const id = await waitingID()
  const { stdout: shown } = await broker.chaperone(['held', 'show', id])
  expect(shown).toContain('/secrets/db-canary/reveal?pointer=/data/password')
  expect((await broker.chaperone(['held', 'approve', id, '--practice'])).code).toBe(0)
  const { code, stdout, stderr } = await asked
  expect([code, stdout]).toEqual([0, password])
  expect(stderr).toContain('a review by')

  const encoded = Buffer.from(password).toString('base64')
  const telling = (await broker.files()).filter(({ bytes }) => bytes.includes(password) || bytes.includes(encoded))
  expect(telling.map(({ path }) => path)).toEqual([])
})

it('asked for without waiting, it is collected by the same person later, and by nothing that runs in a session of theirs', async () => {
  const left = await broker.chaperone([...asking, '--wait=0'])
  expect([left.code, left.stdout]).toEqual([120, ''])
  const id = await waitingID()
  expect((await broker.chaperone(['held', 'approve', id, '--practice'])).code).toBe(0)

  const path = '/api/v1/namespaces/default/secrets/db-canary/reveal?pointer=/data/password'
  const taken = await broker.kubectlRun(['get', '--raw', path], ['--wait=0'])
  expect([taken.code, taken.stdout]).toEqual([120, ''])
  const other = await waitingID()
  expect(other).not.toBe(id)

  const { code, stdout } = await broker.chaperone(asking)
  expect([code, stdout]).toEqual([0, password])
  await broker.chaperone(['held', 'deny', other, '--practice', '--comment', 'not asked for'])
})

it('a denied reveal gives nothing, and says who denied it', async () => {
  const asked = broker.chaperone(asking)
  const id = await waitingID()
  await broker.chaperone(['held', 'deny', id, '--practice', '--comment', 'ask the owner'])
  const { code, stdout, stderr } = await asked
  expect([code, stdout]).toEqual([121, ''])
  expect(stderr).toContain('ask the owner')
})

it('in a supervised shell the value is not put on the recorded terminal', async () => {
  const args = [builtMain, 'shell', '--practice', '--state', broker.state, '--ui=line', '--', pinnedNode, builtMain]
  await using pty = openPty(pinnedNode, [...args, ...asking, '--state', broker.state], { cols: 200 })
  await pty.waitForScreen('This terminal is recorded')
  await pty.exit
})

it.each([[[]], [['secret/db-canary']], [['pod/x', 'y']], [['secret/a/b', 'c']]])(
  'says what it needs: %j',
  async (words) => {
    const { code, stderr } = await broker.chaperone(['reveal', '--practice', ...words])
    expect(code).toBe(125)
    expect(stderr).toContain('Name one value')
  },
)
