import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { temporaryFolder } from '../../support/tmp.ts'
import { expectSamePictures } from './both.ts'
import { drawings } from './drawings.ts'

const sizes = [
  [80, 23],
  [120, 39],
  [400, 119],
] as const

describe('what is drawn looks the same inside Chaperone as alone', () => {
  // One program draws them all: what one drawing leaves behind must not disturb the next.
  test.concurrent.each(sizes)('%i×%i', async (...size) => {
    await using folder = await temporaryFolder()
    const names = Object.keys(drawings)
    for (const [index, name] of names.entries())
      await writeFile(join(folder.path, `${index}`), `\x1bc${drawings[name]}`)
    const script =
      'i=0; stty -echo; echo ready; while read x; do cat $i; printf "\\033[0m\\033[7;70H(%s)" $i; i=$((i+1)); done'
    const steps = names.map((_, index) => ({ keys: '\r', shows: `(${index})` }))
    await expectSamePictures({
      command: ['sh', '-c', script],
      size,
      cwd: folder.path,
      steps: [{ shows: 'ready' }, ...steps],
    })
  })
})
