import { plain } from '../words/plain.ts'
import { fact, rows, type FactRow } from './fact-rows.ts'
import type { Picture } from './picture.ts'

/** What will stand here, and how it comes. */
const words = {
  held: [
    'Nothing is held.',
    'A request that needs a second look waits here until it is decided; the status line says so, and the terminal rings.',
  ],
  activity: [
    'No request has been made yet.',
    'What kubectl, helm and other clients ask in this shell stands here, with what was decided.',
  ],
} as const

/** A part of the drawer with nothing in it. */
export function emptyFacts(part: keyof typeof words, { link, trouble }: Picture, cells: number): FactRow[] {
  if (link === 'connecting') return rows([fact('', ['Connecting to the broker …'], 'quiet')], cells)
  const broken =
    link === 'lost' || link === 'refused'
      ? [
          `The broker ${link === 'lost' ? 'does not answer' : 'does not let you in'}${trouble === '' ? '' : ` (${plain(trouble)})`}.`,
        ]
      : []
  const [what, how] = words[part]
  return rows([fact('', [...broken, what], 'strong'), fact('', [how], 'quiet')], cells)
}
