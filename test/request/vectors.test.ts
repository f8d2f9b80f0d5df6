import { readdirSync, readFileSync } from 'node:fs'
import { describe as suite, expect, test } from 'vitest'
import { describe } from '../../src/request/attributes.ts'
import { equivalentCommand } from '../../src/request/kubectl.ts'
import { parseTarget } from '../../src/request/target.ts'

interface Vector {
  readonly method: string
  readonly target: string
  readonly contentType: string
  readonly attributes?: unknown
  readonly encoded?: string
  readonly command?: string
  readonly fault?: string
}

const folder = new URL('../vectors/request/', import.meta.url)
const vectors = readdirSync(folder).map((file): [string, Vector] => [
  file.replace('.json', ''),
  JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector,
])

suite('request targets, one case per file', () => {
  test.each(vectors)('%s', (_name, vector) => {
    const run = () => {
      const target = parseTarget(vector.target)
      return { target, attributes: describe(vector.method, target, vector.contentType) }
    }
    if (vector.fault !== undefined) {
      expect(run).toThrow(expect.objectContaining({ code: vector.fault }))
      return
    }
    const { target, attributes } = run()
    expect(attributes).toEqual(vector.attributes)
    expect(target.encoded).toBe(vector.encoded)
    if (vector.command !== undefined) expect(equivalentCommand(attributes, target.query)).toBe(vector.command)
  })
})
