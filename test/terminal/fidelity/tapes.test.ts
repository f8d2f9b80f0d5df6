import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { requireProgram } from '../../support/require.ts'
import { temporaryFolder } from '../../support/tmp.ts'
import { expectSamePictures } from './both.ts'
import { Side } from './side.ts'

/** Programs that show what happens on the machine never show the same twice, so one run of each is drawn on both screens. */
const monitors = [
  { name: 'top', command: ['top', '-d', '0.3'], shows: /PID[^]*\n *\d+ /, keys: ['z', 'x', '1', 'V', 'H'] },
  {
    name: 'htop',
    command: ['htop', '-d', '3'],
    shows: /PID[^]*\n *\d+ /,
    keys: ['t', '\x1bOQ', '\x1b\x1b', 'H', '\x1b[B'],
  },
] as const

describe('a monitor looks the same inside Chaperone as alone', () => {
  test.concurrent.each(monitors)('$name', async ({ name, command, shows, keys }) => {
    requireProgram(name)
    await using folder = await temporaryFolder()
    const tape = await record([...command], folder.path, shows, keys)
    for (const [index, bytes] of tape.entries()) {
      await writeFile(join(folder.path, `${index}`), Buffer.concat([bytes, Buffer.from(mark(index))]))
    }
    const script = 'i=0; stty -echo; echo ready; while read x; do cat $i; i=$((i+1)); done'
    await expectSamePictures({
      command: ['sh', '-c', script],
      cwd: folder.path,
      steps: [{ shows: 'ready' }, ...tape.map((_, index) => ({ keys: '\r', shows: `(${index})` }))],
    })
  })
})

/** At the end of each part, in a corner, with the cursor and its look as they were. */
function mark(index: number): string {
  return `\x1b7\x1b[0m\x1b[23;76H(${index})\x1b8`
}

/** What the program writes at the start and after each key, as one tape each. */
async function record(command: string[], cwd: string, shows: RegExp, keys: readonly string[]): Promise<Buffer[]> {
  await using side = new Side({ command, cols: 80, rows: 23, cwd, env: { HOME: cwd } })
  await side.waitFor(shows)
  const tape: Buffer[] = []
  let heard = 0
  const cut = () => {
    const output = side.output()
    tape.push(output.subarray(heard))
    heard = output.length
  }
  cut()
  for (const key of keys) {
    side.type(key)
    await side.grows(heard)
    cut()
  }
  expect(heard).toBeGreaterThan(2_000)
  return tape
}
