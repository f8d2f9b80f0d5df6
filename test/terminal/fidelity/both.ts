import { expect } from 'vitest'
import { temporaryFolder } from '../../support/tmp.ts'
import { Side } from './side.ts'
import type { Picture } from './picture.ts'

const chaperoned = new URL('../chaperoned.ts', import.meta.url).pathname
/** Longest time (milliseconds) the two may differ after both have shown the marker. */
const settleMs = 5_000

/** One act of a story: keys or a new size of the program's screen, then what both screens must show before they are compared. */
export interface Step {
  readonly keys?: string
  readonly size?: readonly [cols: number, rows: number]
  readonly shows: string | RegExp
}

export interface Story {
  readonly command: readonly string[]
  /** Of the program's screen; Chaperone's terminal has one row more. */
  readonly size?: readonly [cols: number, rows: number]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
  readonly steps: readonly Step[]
  /** Makes the same of what differs by itself between two runs, such as a clock. */
  readonly levels?: (picture: Picture) => Picture
}

/**
 * Runs a program twice at the same size, alone and inside Chaperone, does the same with both, and expects the same
 * picture after each step: every cell with its look, cursor, modes and title. Below it stands our own row.
 */
export async function expectSamePictures(story: Story): Promise<void> {
  let [cols, rows] = story.size ?? [80, 23]
  const common = { cols, cwd: story.cwd, env: story.env ?? {} }
  await using recordings = await temporaryFolder()
  const wrapped = [process.execPath, chaperoned, recordings.path, ...story.command]
  await using alone = new Side({ ...common, rows, command: story.command })
  await using inside = new Side({ ...common, rows: rows + 1, command: wrapped })
  for (const { keys, size, shows } of story.steps) {
    if (size !== undefined) {
      ;[cols, rows] = size
      alone.resize(cols, rows)
      inside.resize(cols, rows + 1)
    }
    if (keys !== undefined) for (const side of [alone, inside]) side.type(keys)
    await alone.waitFor(shows)
    await inside.waitFor(shows)
    await expectSame(alone, inside, rows, story.levels ?? ((picture) => picture))
    expect(inside.text().split('\n').at(-1)).toBe(`STATUS ${cols}x${rows + 1}`)
  }
}

/** The last frame may still be on its way: the two are compared after each change until they are the same. */
async function expectSame(
  alone: Side,
  inside: Side,
  rows: number,
  levels: NonNullable<Story['levels']>,
): Promise<void> {
  const wanted = () => levels(alone.picture(rows))
  const found = () => {
    const picture = inside.picture(rows)
    return levels({ ...picture, title: picture.title.replace(/^chaperone: /, '') })
  }
  const isSame = () => JSON.stringify(wanted()) === JSON.stringify(found())
  const same = Promise.withResolvers<boolean>()
  const look = () => isSame() && same.resolve(true)
  const late = setTimeout(() => same.resolve(false), settleMs)
  const stops = [alone, inside].map((side) => side.onChange(look))
  look()
  const wereSame = await same.promise
  clearTimeout(late)
  for (const stop of stops) stop()
  // Once they were, what either of them shows next is the next step's matter.
  if (!wereSame) expect(found()).toEqual(wanted())
}
