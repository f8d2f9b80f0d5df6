import type { RequestNote } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import { decisionWords, maskedWords, neverWaited, took } from '../words/activity.ts'
import { count } from '../words/notices.ts'
import { plain } from '../words/plain.ts'
import { explainNote } from '../words/why.ts'
import type { Activity } from './activity.ts'
import { fact, rows, type FactRow } from './fact-rows.ts'

const shapes = { allow: '✓', hold: '▲', deny: '✗' } as const

/** Beside colour, what was decided has a shape. */
export function shapeOf(note: RequestNote): string {
  return neverWaited(note) ? shapes.deny : shapes[note.decision]
}

/** What the chosen command came to, then each of its requests. */
export function activityFacts(
  { main, requests, masked, durationMs }: Activity,
  cells: number,
  username: string,
  held: readonly HeldRequest[],
): FactRow[] {
  const about = held.find(({ id }) => id === main.heldID)
  const [asked = '', decided = '', ended = ''] = explainNote(main, username, about)
  const hidden = maskedWords(masked)
  return rows(
    [
      fact('runs', [plain(main.command)], 'strong'),
      fact('asked', [asked]),
      fact('decided', [decided]),
      fact('ended', [ended]),
      fact('took', [[took(durationMs), count(requests.length, 'request'), hidden].filter(Boolean).join(' · ')]),
      fact('id', [plain([main.auditID, main.heldID].filter(Boolean).join('  '))]),
      ...(requests.length > 1 ? [fact('sent', requests.map(requestRow))] : []),
    ],
    cells,
  )
}

function requestRow(note: RequestNote): string {
  const facts = [decisionWords(note), String(note.statusCode), took(note.durationMs), maskedWords(note.masked)]
  const rules = note.rules.length === 0 ? '' : ` (${note.rules.join(', ')})`
  return plain(`${shapeOf(note)} ${note.command}: ${facts.filter(Boolean).join(', ')}${rules}`)
}
