import { expect, test } from 'vitest'
import { forbiddenIn, readText, strangersAtTheTop, trackedFiles } from './repository.ts'

const root = new URL('../..', import.meta.url).pathname
const tracked = trackedFiles(root)

test('the top of the repository holds what was agreed and nothing else', () => {
  expect(strangersAtTheTop(tracked)).toEqual([])
  expect(strangersAtTheTop(['src/main.ts', '.npmrc', 'lib/util.ts', 'notes.md'])).toEqual(['lib', 'notes.md'])
})

test('no file names a machine, a registry or work left undone', () => {
  expect(tracked.length).toBeGreaterThan(50)
  expect(tracked.flatMap((path) => forbiddenIn(path, readText(root, path)))).toEqual([])
})

test.each([
  ['a folder of one machine', ['see "', 'root', 'notes.md"'].join('/')],
  ['a folder of one machine', ['cd ', 'home', 'ada', 'src'].join('/')],
  ['the address of a package registry', ['"resolved": "https://registry', 'npmjs', 'org/yaml"'].join('.')],
  ['a promise instead of code', `// ${['TO', 'DO'].join('')}: handle errors`],
])('%s is caught', (why, text) => {
  expect(forbiddenIn('seeded.txt', text)).toEqual([`seeded.txt: names ${why}`])
})

test('the lockfile pins digests and no download address', () => {
  const lockfile: unknown = JSON.parse(readText(root, 'package-lock.json'))
  expect(JSON.stringify(lockfile)).not.toContain('"resolved"')
  const packages = Object.entries((lockfile as { packages: Record<string, { integrity?: string }> }).packages)
  expect(packages.filter(([path, { integrity }]) => path !== '' && !integrity?.startsWith('sha512-'))).toEqual([])
})
