import { describe, expect, test } from 'vitest'
import { seededProject } from './seeded.ts'

const clean = `export const answer = 42\n`

describe('lint', () => {
  test('passes a clean project', async () => {
    await using project = await seededProject({ 'src/clean.ts': clean })
    expect(await project.run('lint')).toMatchObject({ passed: true })
  })

  test.each([
    ['no-floating-promises', `export function go(work: () => Promise<void>) {\n  work()\n}\n`],
    ['no-misused-promises', `export const odd = (ask: () => Promise<boolean>) => (ask() ? 1 : 2)\n`],
    [
      'switch-exhaustiveness-check',
      `export function word(effect: 'allow' | 'deny') {\n  switch (effect) {\n    case 'allow':\n      return 1\n  }\n  return 2\n}\n`,
    ],
    ['no-explicit-any', `export const loose = (value: any) => String(value)\n`],
    ['no-non-null-assertion', `export const first = (list: readonly string[]) => list[0]!\n`],
    ['only-throw-error', `export function fail() {\n  throw 'words'\n}\n`],
    ['no-empty', `export function quiet(work: () => void) {\n  try {\n    work()\n  } catch {}\n}\n`],
    ['no-console', `console.log('hello')\n`],
    ['eqeqeq', `export const same = (a: number, b: number) => a == b\n`],
    ['no-unused-vars', `import { join } from 'node:path'\nexport const answer = 42\n`],
  ])('catches %s', async (rule, text) => {
    await using project = await seededProject({ 'src/seeded.ts': text })
    const { passed, said } = await project.run('lint')
    expect(passed).toBe(false)
    expect(said).toContain(rule)
    expect(said).toContain('src/seeded.ts')
  })

  test('catches a circle of imports', async () => {
    await using project = await seededProject({
      'src/one.ts': `import { two } from './two.ts'\nexport const one = () => two()\n`,
      'src/two.ts': `import { one } from './one.ts'\nexport const two = (): unknown => one()\n`,
    })
    const { passed, said } = await project.run('lint')
    expect(passed).toBe(false)
    expect(said).toContain('no-cycle')
  })
})

test('format catches a badly formatted file and names it', async () => {
  await using project = await seededProject({ 'src/clean.ts': clean, 'src/seeded.ts': `export const a = {b:"c"};\n` })
  const { passed, said } = await project.run('format:check')
  expect(passed).toBe(false)
  expect(said).toContain('src/seeded.ts')
  expect(said).not.toContain('src/clean.ts')
})

test('types catch a wrong one and name its file', async () => {
  await using project = await seededProject({ 'src/seeded.ts': `export const port: number = '6443'\n` })
  const { passed, said } = await project.run('typecheck')
  expect(passed).toBe(false)
  expect(said).toContain('src/seeded.ts')
})

test('dead code is caught: an export and a file that nobody uses', async () => {
  await using project = await seededProject({
    'src/main.ts': `import { used } from './room.ts'\nused()\n`,
    'src/room.ts': `export const used = () => 1\nexport const seededExport = () => 2\n`,
    'src/seeded.ts': clean,
  })
  const { passed, said } = await project.run('dead')
  expect(passed).toBe(false)
  expect(said).toMatch(/seededExport +src\/room\.ts/)
  expect(said).toMatch(/^src\/seeded\.ts/m)
  expect(said).not.toMatch(/^used /m)
})
