import { annotation, type AuditEvent } from '../model/audit.ts'
import type { StateFolders } from '../config/state.ts'
import { Fault, toFault } from '../model/fault.ts'
import type { HeldRequest } from '../model/held.ts'
import { explainDecision, type Known } from '../../ui/words/why.ts'
import { exitCode, flag, printJson, text, type Command } from './command.ts'
import { eventsOf, latestEvents, mostTelling } from './decisions.ts'
import { connect, foldersOf } from './link.ts'
import { policyRecord } from './policy-record.ts'
import { withProgress } from './progress.ts'
import { stateHelp, stateOption } from './shared-options.ts'
import { prose } from './wrap.ts'

export const command: Command = {
  name: 'why',
  summary: 'Explain one decision in three sentences.',
  usage: 'chaperone why ID|last [--json] [--state DIR]',
  help: `Says what was asked, which rule of which file decided and why, and how it ended or
what would let it pass. Also after the broker has ended: the journal knows.

ID is the audit ID that every refusal names, or the ID of a held request (h-…).
\`last\`, or \`latest\`, is the latest command that policy decided, discovery left aside.

Options
  --json               the journal's own lines
${stateHelp}

Examples
  chaperone why last
  chaperone why h-k3m9qa`,
  options: { ...stateOption, json: { type: 'boolean' } },
  run: async (context, parsed) => {
    const id = parsed.positionals[0]
    if (id === undefined) throw new Fault('ERR_USAGE', 'Name a request: chaperone why ID, or chaperone why last.')
    const folders = foldersOf(text(parsed, 'state'), context)
    const isLast = id === 'last' || id === 'latest'
    const events = await withProgress(context, 'reading the journal', () =>
      isLast ? latestEvents(folders.journal) : find(folders, id),
    )
    const event = mostTelling(events)
    if (event === undefined) {
      throw new Fault('ERR_NOT_FOUND', isLast ? 'No request has been decided yet.' : `The journal has no ${id}.`, {
        advice: 'Refusals name their ID; `chaperone journal search` lists all.',
      })
    }
    if (flag(parsed, 'json')) printJson(context, events)
    else context.stdout.write(`${prose(explainDecision(await gather(folders, event)), context.stdout, 2)}\n`)
    return exitCode.ok
  },
}

/** A request that waits is not yet in the journal under the ID it is held by: the broker knows both. */
async function find(folders: StateFolders, id: string): Promise<readonly AuditEvent[]> {
  const found = await eventsOf(folders.journal, id)
  if (found.length > 0 || !id.startsWith('h-')) return found
  const held = await askBroker(folders, (one) => one.id === id)
  return held === undefined ? [] : eventsOf(folders.journal, held.auditID)
}

async function gather(folders: StateFolders, event: AuditEvent): Promise<Known> {
  const names = event.annotations[annotation.rules]?.split(',') ?? []
  const record = await policyRecord(folders.root, event.annotations[annotation.policy] ?? '')
  const isHeld = event.annotations[annotation.decision] === 'hold'
  const heldID = event.annotations[annotation.held]
  return {
    event,
    rules: (record?.rules ?? []).filter(({ id }) => names.includes(id)),
    policyFiles: record?.files ?? [],
    held: isHeld
      ? await askBroker(folders, (one) => (heldID === undefined ? one.auditID === event.auditID : one.id === heldID))
      : undefined,
  }
}

/** The held request as it stands now; undefined when no broker runs, or it does not know it. */
async function askBroker(
  folders: StateFolders,
  isMeant: (held: HeldRequest) => boolean,
): Promise<HeldRequest | undefined> {
  try {
    await using link = await connect(folders, folders.operatorTokenFile)
    return (await link.client.listHeld()).find(isMeant)
  } catch (thrown) {
    const fault = toFault(thrown)
    if (fault.code === 'ERR_BROKER' || fault.code === 'ERR_USAGE') return undefined
    throw fault
  }
}
