import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { topLevel } from './table.ts'

/** Paths that git tracks below `root`, as far as they are still there. */
export function trackedFiles(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)))
}

/** Every tracked path whose first part is neither a dot-file nor agreed. */
export function strangersAtTheTop(paths: readonly string[]): string[] {
  const names = new Set(paths.map((path) => path.split('/')[0] ?? ''))
  return [...names].filter((name) => !name.startsWith('.') && !topLevel.includes(name))
}

// Written in pieces, so that this file does not break its own law.
const forbiddenWords: readonly (readonly [why: string, pattern: RegExp])[] = [
  ['a folder of one machine', new RegExp(String.raw`(?<![\w.-])/(work|root|home/[a-z]+|Users/[A-Za-z]+)` + '/')],
  ['the address of a package registry', new RegExp(['registry', String.raw`(npmjs|yarnpkg)\.`].join(String.raw`\.`))],
  ['a promise instead of code', new RegExp(String.raw`\b(TO` + 'DO|FIX' + String.raw`ME)\b`)],
]

/** What a text says that no file of the repository may say. */
export function forbiddenIn(path: string, text: string): string[] {
  return forbiddenWords.filter(([, pattern]) => pattern.test(text)).map(([why]) => `${path}: names ${why}`)
}

export function readText(root: string, path: string): string {
  const full = join(root, path)
  return lstatSync(full).isFile() ? readFileSync(full, 'utf8') : ''
}
