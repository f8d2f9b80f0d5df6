import type { Step } from './story.ts'

/** One step told twice by one client. */
export interface Told {
  readonly program: string
  readonly minor: number
  readonly step: Step
  /** The same standard output, standard error and exit code with the broker as without. */
  readonly same: boolean
}

/** The table of what clients see through the broker, as Markdown: a row for each step, a column for each minor version. */
export function table(told: readonly Told[]): string {
  const columns = [...new Set(told.map(({ minor }) => minor))].sort((a, b) => a - b)
  const header = `| step | ${columns.map((minor) => `1.${minor}`).join(' | ')} |`
  const rule = `| --- |${columns.map(() => ' --- |').join('')}`
  const sections = ['kubectl', 'helm'].map((program) => {
    const own = told.filter((one) => one.program === program)
    const names = [...new Set(own.map(({ step }) => step.name))]
    const rows = names.map((name) => {
      const cells = columns.map((minor) => cell(own.find((one) => one.minor === minor && one.step.name === name)))
      return `| ${name} | ${cells.join(' | ')} |`
    })
    return [`## ${program}`, '', header, rule, ...rows].join('\n')
  })
  return [heading, ...sections].join('\n\n') + '\n'
}

const heading = `# What clients see through the broker

Written by \`scripts/matrix\` from what it saw. Each step is told by each client twice, against a practice cluster of its own:
directly, and through a broker whose policy allows everything and masks secrets, those in which helm keeps
its releases among them. \`=\` says that standard output, standard error and exit code were the same after ages, names by
chance and identifiers were made alike; \`code\` that only the exit code is compared, because the output differs from run to
run; \`masked\` that a secret's values were masked; a blank cell that this version has no such command.`

function cell(told: Told | undefined): string {
  if (told === undefined) return ' '
  const { step, same } = told
  if (step.through !== undefined) return step.through
  if (!same) return 'differs'
  return step.compares === false ? 'code' : '='
}
