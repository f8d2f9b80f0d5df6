import { annotation, type AuditEvent } from '../model/audit.ts'
import { Fault } from '../model/fault.ts'
import { explainEvent } from '../../ui/words/why.ts'
import { searchJournal } from '../journal/reader.ts'
import { exitCode, flag, printJson, text, type Command } from './command.ts'
import { foldersOf } from './link.ts'
import { stateHelp, stateOption } from './shared-options.ts'

export const command: Command = {
  name: 'why',
  summary: 'Explain one decision in three sentences.',
  usage: 'chaperone why ID|last [--json] [--state DIR]',
  help: `ID is the audit ID that every refusal names, or the ID of a held request. \`last\` is the latest request that policy
decided, discovery left aside.

Options
  --json               the journal's own lines
${stateHelp}

Example
  chaperone why last`,
  options: { ...stateOption, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    const id = parsed.positionals[0]
    if (id === undefined) throw new Fault('ERR_USAGE', 'Name a request: chaperone why ID, or chaperone why last.')
    const { journal } = foldersOf(text(parsed, 'state'), context)
    const found: AuditEvent[] = []
    for await (const event of searchJournal(journal, {})) {
      if (id === 'last' ? isTelling(event) : belongsTo(event, id)) found.push(event)
      if (id === 'last' && found.length > 1 && !sameCommand(found[0], event)) found.splice(0, found.length - 1)
    }
    const ended = found.filter((event) => event.stage === 'ResponseComplete')
    const last = (id === 'last' ? ended.findLast(isDecisive) : undefined) ?? ended.at(-1) ?? found.at(-1)
    if (last === undefined) {
      throw new Fault(
        'ERR_NOT_FOUND',
        id === 'last' ? 'No request has been decided yet.' : `The journal has no ${id}.`,
        {
          advice: 'Refusals name their ID; `chaperone journal search` lists all.',
        },
      )
    }
    if (flag(parsed, 'json')) printJson(context, found)
    else context.stdout.write(`${explainEvent(last)}\n`)
    return exitCode.ok
  },
}

/** A held request's ID also stands on what reviewers ordered; the decision is on the request itself. */
function belongsTo(event: AuditEvent, id: string): boolean {
  if (event.auditID === id) return true
  return event.annotations[annotation.held] === id && event.annotations[annotation.decision] !== undefined
}

/** Requests of one client command follow each other with the same claim: `kubectl delete` also looks before and after. */
function sameCommand(a: AuditEvent | undefined, b: AuditEvent): boolean {
  const of = (event: AuditEvent | undefined) =>
    [annotation.session, annotation.claimedCommand].map((name) => event?.annotations[name] ?? '').join(' ')
  return b.annotations[annotation.claimedCommand] !== undefined && of(a) === of(b)
}

/** Of a command's requests, people mean the one that was held or refused, or that changed something. */
function isDecisive(event: AuditEvent): boolean {
  const isRead = ['get', 'list', 'watch'].includes(event.verb)
  return !isRead || event.annotations[annotation.decision] !== 'allow'
}

/** Discovery and the control API are not what people mean by their last request. */
function isTelling(event: AuditEvent): boolean {
  if (event.stage !== 'ResponseComplete' || event.annotations[annotation.decision] === undefined) return false
  return event.objectRef?.resource !== undefined || event.annotations[annotation.decision] !== 'allow'
}
