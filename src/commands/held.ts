import { randomBytes } from 'node:crypto'
import { codeLength, verdictCode } from '../../ui/words/code.ts'
import { verdictNotice } from '../../ui/words/notices.ts'
import { plain, plainLines } from '../../ui/words/plain.ts'
import { loadConfig } from '../config/load.ts'
import { Fault } from '../model/fault.ts'
import type { HeldRequest } from '../model/held.ts'
import { canAsk, question } from './ask.ts'
import { exitCode, flag, printJson, say, text, type Command, type Context, type Parsed } from './command.ts'
import { refuseInsideSession } from './inside.ts'
import { connect, connectOperator, foldersOf } from './link.ts'
import { personConfig } from './person.ts'
import { connectReviewer, reviewerHelp, reviewerOptions } from './review.ts'
import { configFlags } from './shared-options.ts'

export const command: Command = {
  name: 'held',
  summary: 'List, show, approve or deny held requests; confirm one of your own.',
  usage:
    'chaperone held list [--all] | show ID | approve ID [--comment TEXT] | deny ID --comment TEXT | confirm ID [--json]',
  help: `approve and deny are reviews: they need a reviewer, by token or signed in, and cannot be given to one's own requests. The verdict
is bound to the request as \`show\` prints it; with --digest it is refused if the request is not the one you saw.
Where \`show\` leaves out the middle of long values, approve wants to be told that you know.

\`confirm\` is for a request of your own that waits for nothing but your second look: it shows the request in plain
lines, as for a screen reader, and asks for two characters. It takes a terminal of its own, outside of the
session.

Options
  --all                also those that are decided (list)
  --comment TEXT       words for the one who asked
  --digest SHA256      digest of the request you looked at
  --not-shown-whole    approve although a part of the request is not shown: nobody has
                       read what you sign (approve)
  --json               machine-readable output
${reviewerHelp}

Examples
  chaperone held list
  chaperone held approve h-k3m9qa --practice --comment "agreed in the stand-up"
  chaperone held confirm h-k3m9qa`,
  options: {
    ...reviewerOptions,
    all: { type: 'boolean' },
    comment: { type: 'string' },
    digest: { type: 'string' },
    'not-shown-whole': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  run: async (context, parsed) => {
    const [order = 'list', id] = parsed.positionals
    switch (order) {
      case 'list':
        return list(context, parsed)
      case 'show':
        return show(context, parsed, needID(id))
      case 'approve':
      case 'deny':
        return judge(context, parsed, order, needID(id))
      case 'confirm':
        return confirm(context, parsed, needID(id))
      default:
        throw new Fault('ERR_USAGE', 'Say what to do: list, show ID, approve ID, deny ID, or confirm ID.')
    }
  },
}

async function list(context: Context, parsed: Parsed): Promise<number> {
  const folders = foldersOf(text(parsed, 'state'), context)
  await using link = await connect(folders, folders.operatorTokenFile)
  const held = await link.client.listHeld(flag(parsed, 'all') ? undefined : 'pending')
  if (flag(parsed, 'json')) printJson(context, held)
  else if (held.length === 0) context.stderr.write('chaperone: nothing is held\n')
  else
    for (const one of held)
      context.stdout.write(`${plain([one.id, one.state, one.subject.name, one.command].join('  '))}\n`)
  return exitCode.ok
}

async function show(context: Context, parsed: Parsed, id: string): Promise<number> {
  const folders = foldersOf(text(parsed, 'state'), context)
  await using link = await connect(folders, folders.operatorTokenFile)
  print(context, parsed, await link.client.getHeld(id))
  return exitCode.ok
}

async function judge(context: Context, parsed: Parsed, verdict: 'approve' | 'deny', id: string): Promise<number> {
  refuseInsideSession(context, 'Reviewing')
  const comment = text(parsed, 'comment') ?? ''
  if (verdict === 'deny' && comment === '') {
    throw new Fault('ERR_USAGE', 'Say why with --comment TEXT: the one who asked will read it.')
  }
  const folders = foldersOf(text(parsed, 'state'), context)
  await using link = await connectReviewer(context, parsed, folders)
  const held = await link.client.getHeld(id)
  const digest = text(parsed, 'digest') ?? held.digest
  const known = flag(parsed, 'not-shown-whole') ? ({ sawWhole: false } as const) : {}
  print(context, parsed, await link.client.review(id, { verdict, digest, comment, ...known }))
  return exitCode.ok
}

/** The characters are new each time, so that neither a stray key nor one that was on its way confirms anything. */
async function confirm(context: Context, parsed: Parsed, id: string): Promise<number> {
  refuseInsideSession(context, 'Confirming by command')
  if (!canAsk(context)) {
    throw new Fault('ERR_TERMINAL', 'A confirmation is given in a terminal, by the person who asked.', {
      advice: 'Requests of programs are held for a review: see `approval` in the policy.',
    })
  }
  const folders = foldersOf(text(parsed, 'state'), context)
  const person = personConfig(await loadConfig(configFlags(parsed), context.environment), parsed)
  await using link = await connectOperator(folders, person)
  const held = await link.client.getHeld(id)
  if (held.requirement.kind !== 'confirm' || held.state !== 'pending') {
    const why = held.state === 'pending' ? 'needs the review of another person' : `is ${held.state}`
    throw new Fault('ERR_CONFLICT', `${id} ${why}; there is nothing to confirm.`)
  }
  print(context, parsed, held)
  const code = verdictCode(randomBytes)
  const typed = await question(
    context,
    `Type ${Array.from(code).join(' ')} to confirm exactly this, or Enter to leave it: `,
  )
  if (typed?.replaceAll(' ', '') !== code) {
    const hint = typed === undefined || typed === '' ? '' : ` It takes the ${codeLength} characters that are asked for.`
    say(context, `nothing was confirmed.${hint}`)
    return exitCode.failed
  }
  say(context, verdictNotice({ ...(await link.client.confirm(id, held.digest)), state: 'approved' }))
  return exitCode.ok
}

function needID(id: string | undefined): string {
  if (id === undefined) throw new Fault('ERR_USAGE', 'Name the held request, like h-k3m9qa.')
  return id
}

function print(context: Context, parsed: Parsed, held: HeldRequest): void {
  if (flag(parsed, 'json')) {
    printJson(context, held)
    return
  }
  const lines = [
    `${held.id}  ${held.state}`,
    `command   ${held.command}`,
    `request   ${held.method} ${held.target}`,
    `asked by  ${held.subject.name} (${held.subject.groups.join(', ')}) at ${held.createdAt}`,
    `expires   ${held.expiresAt}`,
    ...held.reasons.map(
      (reason) => `why       ${reason.message}${reason.rule === undefined ? '' : ` [${reason.rule}]`}`,
    ),
    ...held.reviews.map((review) => `${review.verdict.padEnd(9)} ${review.reviewer.name} ${review.comment}`),
    `digest    ${held.digest}`,
    ...(held.comment === '' ? [] : [`comment   ${held.comment}`]),
    ...(held.outcome === '' ? [] : [`outcome   ${held.outcome}`]),
  ].map(plain)
  // Everything here came from a client or a reviewer: it may not act on the reader's terminal.
  const body = held.body === '' ? [] : ['', ...plainLines(held.body)]
  context.stdout.write(`${[...lines, ...body].join('\n')}\n`)
}
