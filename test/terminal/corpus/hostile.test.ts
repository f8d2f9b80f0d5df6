import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../support/tmp.ts'
import { Side } from '../fidelity/side.ts'
import { attacks } from './attacks.ts'
import { foreignIn } from './outward.ts'

const chaperoned = new URL('../chaperoned.ts', import.meta.url).pathname
const names = Object.keys(attacks)
const ours = '‹inverse›STATUS 80x24‹›'

/** Attacks again and again, on Enter; the mark shows that the attack before it was parsed. */
const program =
  'stty -echo; echo ready; i=0; while read -r x; do cat $i; printf "\\033\\\\\\\\\\033\\\\\\\\\\033c(%s)" $i; i=$((i+1)); done; exit 7'

async function attacked(): Promise<{ side: Side; changes: Set<string>; folder: AsyncDisposable }> {
  const folder = await temporaryFolder()
  for (const [index, name] of names.entries()) await writeFile(join(folder.path, String(index)), attacks[name] ?? '')
  const outer = `"$0" "$@"; echo "code $?"; read -r line; echo "got $line"`
  const command = ['sh', '-c', outer, process.execPath, chaperoned, folder.path, 'sh', '-c', program]
  const side = new Side({ command, cols: 80, rows: 24, cwd: folder.path, env: {} })
  await side.waitFor('ready')
  await side.waitFor(/STATUS 80x24$/)
  const changes = new Set<string>()
  side.onChange(() => changes.add(side.picture(24).rows[23] ?? ''))
  return { side, changes, folder }
}

describe('a hostile program', () => {
  test('changes nothing of ours, sends nothing outward, and leaves the terminal as it was', async () => {
    const { side, changes, folder } = await attacked()
    await using cleanup = new AsyncDisposableStack()
    cleanup.use(folder)
    cleanup.use(side)
    // What Chaperone itself asks the terminal comes before the program; nothing a program writes may add to it.
    const before = side.output().length
    for (const [index, name] of names.entries()) {
      changes.clear()
      side.type('\r')
      await side.waitFor(`(${index})`)
      // Empty for the moment in which a frame lets lines leave into the scrollback, and never anything else.
      expect(
        [...changes].filter((row) => row !== '' && row !== ours),
        name,
      ).toEqual([])
      expect(side.picture(24).rows[23], name).toBe(ours)
      expect(foreignIn(side.output().subarray(before).toString('utf8')), name).toEqual([])
    }
    side.type('\x04')
    await side.waitFor('code 7')
    expect(side.picture(24)).toMatchObject({
      modes: 'normal; mouse none ; cursor keys false; keypad false; focus false',
      cursor: expect.stringMatching(/^0,\d+ shape 0$/) as string,
    })
    expect(side.text()).not.toContain('STATUS')
    side.type('x\r')
    await side.waitFor('got x')
  })
})
