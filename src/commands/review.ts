import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { runReview } from '../../ui/terminal/review.tsx'
import { loadConfig } from '../config/load.ts'
import { Fault } from '../model/fault.ts'
import { flag, text, type Command, type Context, type Parsed } from './command.ts'
import { refuseInsideSession } from './inside.ts'
import { connect, connectAs, foldersOf, runningBroker, type Link } from './link.ts'
import { idTokenOf, personConfig, personHelp, personOptions } from './person.ts'
import { configFlags } from './shared-options.ts'
import type { StateFolders } from '../config/state.ts'

export const reviewerOptions = {
  ...personOptions,
  practice: { type: 'boolean' },
  'token-file': { type: 'string' },
} as const

export const reviewerHelp = `  --practice           be the practice reviewer
  --token-file FILE    your reviewer token; default $CHAPERONE_REVIEWER_TOKEN_FILE.
                       Without one: whoever is signed in
${personHelp}`

export const command: Command = {
  name: 'review',
  summary: 'Review held requests: see what would run, approve or deny.',
  usage: 'chaperone review [--practice | --token-file FILE | --sign-in FILE] [OPTIONS]',
  help: `Shows each held request exactly as it will be sent, and who asks. A verdict needs the two characters shown on
the screen. One's own requests cannot be reviewed.

Options
${reviewerHelp}

Examples
  chaperone review --practice
  chaperone review --token-file ~/bob.token
  chaperone login --sign-in ~/bob.sign-in
  chaperone review --sign-in ~/bob.sign-in`,
  options: reviewerOptions,
  run: async (context, parsed) => {
    refuseInsideSession(context, 'Reviewing')
    if (!context.stdin.isTTY || !context.stdout.isTTY) {
      throw new Fault('ERR_TERMINAL', 'The review screen needs a terminal.', {
        advice: 'In scripts use `chaperone held list --json` and `chaperone held approve ID`.',
      })
    }
    const folders = foldersOf(text(parsed, 'state'), context)
    await using link = await connectReviewer(context, parsed, folders)
    return await runReview({
      client: link.client,
      stdin: context.stdin,
      stdout: context.stdout,
      now: Date.now,
      random: (bytes) => randomBytes(bytes),
      color: !context.environment.noColor,
    })
  },
}

/**
 * Connects as the reviewer that the flags name, or else as the person who signed in. Throws ERR_USAGE when nobody is named, or
 * there is no such here, and ERR_UNAUTHENTICATED when nobody is signed in.
 */
export async function connectReviewer(context: Context, parsed: Parsed, folders: StateFolders): Promise<Link> {
  if (!flag(parsed, 'practice')) return connectPerson(context, parsed, folders)
  const running = await runningBroker(folders)
  if (running.practice) return connect(folders, folders.practiceReviewerTokenFile)
  throw new Fault('ERR_USAGE', `This broker serves ${running.context}: the practice reviewer has no say there.`, {
    advice: 'Review with --token-file FILE, or sign in.',
  })
}

async function connectPerson(context: Context, parsed: Parsed, folders: StateFolders): Promise<Link> {
  const given = text(parsed, 'token-file')
  const file = text(parsed, 'sign-in') === undefined ? (given ?? context.environment.reviewerTokenFile) : (given ?? '')
  if (file !== '') return connect(folders, resolve(file))
  const person = personConfig(await loadConfig(configFlags(parsed), context.environment), parsed)
  if (person !== undefined) return connectAs(folders, () => idTokenOf(person))
  throw new Fault('ERR_USAGE', 'Say who reviews: --token-file FILE, or --practice.', {
    advice: 'A reviewer gets a token from `chaperone reviewer add NAME`.',
  })
}
