import { describe, expect, test } from 'vitest'
import { environmentReaders, forbiddenImports, importCycles, impurities } from './architecture.ts'
import { parseSource, readSources } from './source.ts'

const root = new URL('../..', import.meta.url).pathname
const house = readSources(root, ['src', 'ui'])

/** A house with one room in it, to show that a law sees what it forbids. */
const seeded = (path: string, text: string) => [parseSource(path, text)]

test('the laws look at the whole house', () => {
  const paths = house.map((file) => file.path)
  expect(paths).toContain('src/main.ts')
  expect(paths).toContain('src/proxy/stations.ts')
  expect(paths.length).toBeGreaterThan(50)
})

describe('who may import whom', () => {
  test('every import is in the table', () => {
    expect(forbiddenImports(house)).toEqual([])
  })

  test.each([
    ['src/model/id.ts', `import { Fault } from '../stream/json.ts'`],
    ['src/policy/decide.ts', `import { load } from '../config/load.ts'`],
    ['src/policy/decide.ts', `import { park } from '../approval/port.ts'`],
    ['src/approval/approvals.ts', `import type { Listener } from '../proxy/listener.ts'`],
    ['src/proxy/forward.ts', `import { openJournal } from '../journal/journal.ts'`],
    ['src/proxy/forward.ts', `import { type Journal } from '../journal/journal.ts'`],
    ['src/proxy/forward.ts', `export * from '../kube/upstream.ts'`],
    ['src/proxy/forward.ts', `const { openJournal } = await import('../journal/journal.ts')`],
    ['src/proxy/forward.ts', `const room = await import(name)`],
    ['src/terminal/compositor.ts', `new Worker(new URL('../mask/worker.js', import.meta.url))`],
    ['src/terminal/compositor.ts', `import { startControl } from '../control/server.ts'`],
    ['src/practice/server.ts', `import { startProxy } from '../proxy/listener.ts'`],
    ['src/control/server.ts', `import { startBroker } from '../broker.ts'`],
    ['src/commands/shell.ts', `import '../main.ts'`],
    ['ui/terminal/drawer.tsx', `import { decide } from '../../src/policy/decide.ts'`],
    ['ui/terminal/drawer.tsx', `type Decide = import('../../src/policy/port.ts').Decide`],
    ['src/cellar/wine.ts', `export const year = 1990`],
  ])('%s is caught with %s', (path, text) => {
    expect(forbiddenImports(seeded(path, text))).toEqual([expect.stringContaining(path)])
  })

  test.each([
    ['src/proxy/forward.ts', `import type { JournalPort } from '../journal/port.ts'`],
    ['src/session/registry.ts', `import type { Oblige } from '../mask/port.ts'`],
    ['src/terminal/compositor.ts', `import { connect } from '../control/client.ts'`],
    ['src/broker.ts', `import { startProxy } from './proxy/listener.ts'`],
  ])('%s may say %s', (path, text) => {
    expect(forbiddenImports(seeded(path, text))).toEqual([])
  })
})

describe('no circles', () => {
  test('imports never lead back', () => {
    expect(importCycles(house)).toEqual([])
  })

  test('a circle of three is told once, with every file in it', () => {
    const files = [
      parseSource('src/mask/c.ts', `import type { A } from './a.ts'`),
      parseSource('src/mask/a.ts', `import { b } from './b.ts'`),
      parseSource('src/mask/b.ts', `export { c } from './c.ts'`),
    ]
    expect(importCycles(files)).toEqual(['src/mask/a.ts → src/mask/b.ts → src/mask/c.ts → src/mask/a.ts'])
  })
})

describe('pure rooms touch no clock, no chance, no file, no socket, no process', () => {
  test('they do not', () => {
    expect(impurities(house)).toEqual([])
  })

  test.each([
    `import { readFile } from 'node:fs/promises'`,
    `import net from 'node:net'`,
    `import { setTimeout } from 'node:timers/promises'`,
    `const now = Date.now()`,
    `const now = new Date()`,
    `const text = \`at \${Date.now()}\``,
    `const luck = Math.random()`,
    `const id = randomUUID()`,
    `const home = process.env.HOME`,
    `const { platform } = process`,
    `setTimeout(() => {}, 10)`,
    `const answer = await fetch('https://example.org')`,
  ])('caught: %s', (text) => {
    expect(impurities(seeded('src/policy/decide.ts', text))).toHaveLength(1)
  })

  test.each([
    `const then = new Date(text)`,
    `// Date.now() would be wrong here`,
    `import { createHash } from 'node:crypto'`,
  ])('allowed: %s', (text) => {
    expect(impurities(seeded('src/policy/decide.ts', text))).toEqual([])
  })
})

describe('only src/config reads the environment', () => {
  test('nobody else does', () => {
    expect(environmentReaders(house)).toEqual([])
  })

  test.each([
    `const home = process.env.HOME`,
    `const home = process['env'].HOME`,
    `const all = process[key]`,
    `const { env } = process`,
    `import { env } from 'node:process'`,
  ])('caught: %s', (text) => {
    expect(environmentReaders(seeded('src/main.ts', text))).toHaveLength(1)
    expect(environmentReaders(seeded('src/config/environment.ts', text))).toEqual([])
  })
})
