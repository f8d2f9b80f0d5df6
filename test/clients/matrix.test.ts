import { describe, expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { clients, minors } from './clients.ts'
import { helmStory } from './helm-story.ts'
import { stepsFor, tell, type Outcome } from './run.ts'
import { story, type Step } from './story.ts'

/** All commands of a story, one process each, on a machine that does other things besides. */
const storyLimitMs = 300_000

const expected = (steps: readonly Step[]) => steps.map(({ name, code = 0 }) => `${name}: ${code}`)

/** As the expectation has it, with what was said when it went another way. */
function told(steps: readonly Step[], outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ name, code, stdout, stderr }, index) => {
    const wanted = steps[index]?.code ?? 0
    return `${name}: ${code}${code === wanted ? '' : `\n${stdout}${stderr}`}`
  })
}

describe.concurrent.each(minors)('Kubernetes 1.%i', (minor) => {
  test.each([
    ['kubectl', story],
    ['helm', helmStory],
  ])('%s works against the practice cluster directly', { timeout: storyLimitMs }, async (_program, whole) => {
    const [client] = await clients([minor])
    if (client === undefined) throw new Error(`There is no kubectl 1.${minor}.`)
    const practice = await startPractice({ host: '127.0.0.1', port: 0 })
    try {
      const steps = stepsFor(whole, minor)
      expect(told(steps, await tell(client, practice.kubeconfig, steps))).toEqual(expected(steps))
    } finally {
      await practice.close()
    }
  })
})
