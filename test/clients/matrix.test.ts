import { describe, expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { clients, minors, type Client } from './clients.ts'
import { helmStory } from './helm-story.ts'
import { outcomeText, stepsFor, tell, type Outcome } from './run.ts'
import { story, type Step } from './story.ts'
import { table, type Told } from './table.ts'
import { openPolicy, through } from './through.ts'

/** All commands of a story, one process each, on a machine that does other things besides. */
const storyLimitMs = 400_000

const programs = [
  { program: 'kubectl', whole: story, policy: openPolicy },
  { program: 'helm', whole: helmStory, policy: openPolicy },
] as const

const expected = (steps: readonly Step[]) => steps.map(({ name, code = 0 }) => `${name}: ${code}`)

/** As the expectation has it, with what was said when it went another way. */
function told(steps: readonly Step[], outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ name, code, stdout, stderr }, index) => {
    const wanted = steps[index]?.code ?? 0
    return `${name}: ${code}${code === wanted ? '' : `\n${stdout}${stderr}`}`
  })
}

/** The story once directly and once through a broker, each against a practice cluster of its own. */
async function tellTwice(client: Client, steps: readonly Step[], policy: string) {
  await using parts = new AsyncDisposableStack()
  const [direct, behind] = await Promise.all([startPractice(loopback), startPractice(loopback)])
  parts.defer(() => direct.close())
  parts.defer(() => behind.close())
  const broker = parts.use(await through(behind.kubeconfig, policy))
  const [one, other] = await Promise.all([
    tell(client, direct.kubeconfig, steps),
    tell(client, broker.kubeconfig, steps),
  ])
  return { direct: one, brokered: other }
}

/** A container may be done before anybody attaches; kubectl then shows its logs. */
const racing: ReadonlySet<string> = new Set(['run and attach'])

const loopback = { host: '127.0.0.1', port: 0 }
const rows: Told[] = []

describe.concurrent.each(minors)('Kubernetes 1.%i', (minor) => {
  test.each(programs)(
    '$program works directly, and through the broker in the same way',
    { timeout: storyLimitMs },
    async ({ program, whole, policy }) => {
      const [client] = await clients([minor])
      if (client === undefined) throw new Error(`There is no kubectl 1.${minor}.`)
      const steps = stepsFor(whole, minor)
      const { direct, brokered } = await tellTwice(client, steps, policy)
      expect(told(steps, direct)).toEqual(expected(steps))
      const surprises: (string | undefined)[] = []
      for (const [index, step] of steps.entries()) {
        const [one, other] = [direct[index], brokered[index]]
        if (one === undefined || other === undefined) throw new Error(`${step.name} was not told.`)
        rows.push({ program, minor, step, same: comparable(step, one) === comparable(step, other) })
        surprises.push(surprise(step, one, other))
      }
      expect(surprises.filter((one) => one !== undefined)).toEqual([])
    },
  )
})

test('the table of the documentation is what was seen', async () => {
  await expect(table(rows)).toMatchFileSnapshot('./MATRIX.md')
})

/** What of the two ways is not as the story has it, in words; undefined when all is. */
function surprise(step: Step, one: Outcome, other: Outcome): string | undefined {
  const seen = `${step.name}\n--- directly\n${comparable(step, one)}\n--- through the broker\n${comparable(step, other)}`
  if (step.through === undefined) return comparable(step, one) === comparable(step, other) ? undefined : seen
  if (step.through === 'masked') {
    const isHidden = !/s3cr3t-value|czNjcjN0LXZhbHVl|12 bytes|earl-grey/.test(outcomeText(other))
    return isHidden && one.code === other.code && outcomeText(one) !== outcomeText(other) ? undefined : seen
  }
  if (racing.has(step.name) || step.program !== undefined) return undefined
  return other.code === 1 && other.stderr.includes('chaperone why') ? undefined : seen
}

/** What has to be the same: everything, or for commands whose output differs from run to run, the exit code. */
function comparable({ compares, unordered }: Step, outcome: Outcome): string {
  if (compares === false) return `exit ${outcome.code}`
  const text = outcomeText(outcome)
  return unordered === true ? text.split('\n').toSorted().join('\n') : text
}
