import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { RequestNote } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
import { clock } from '../words/durations.ts'
import { shortCommand } from '../words/held.ts'
import { plain } from '../words/plain.ts'
import { pad, truncate, truncateStart, width } from '../words/width.ts'
import { actionsFor, chosen, type DrawerState } from './drawer-state.ts'
import { initiatorFacts, type FactRow } from './facts.ts'
import { leaderHelp, type Action } from './keys.ts'
import { Facts, Hints, Row, Rule, Say } from './parts.tsx'
import { pending, type Picture } from './picture.ts'

export interface DrawerProps {
  readonly cols: number
  /** Most rows the drawer may take. */
  readonly maxRows: number
  readonly picture: Picture
  readonly state: DrawerState
  readonly practice: boolean
  readonly leader: string
}

/** A drawer as laid out: Ink draws `rows` rows of it. */
interface Layout {
  readonly rows: number
  /** Rows of the list of held requests; 0 = no list. */
  readonly list: number
  readonly facts: readonly FactRow[]
  readonly room: number
  readonly maxScroll: number
}

/** A list of more rows than this would leave no room for the request itself. */
const longestList = 4
/** Rows of the frame: title and keys. */
const frameRows = 2
/** Fewer rows of details than this are worth more than a list. */
const leastDetails = 6

export function layoutDrawer({ cols, maxRows, picture, state, practice }: DrawerProps): Layout {
  const waiting = pending(picture)
  const held = chosen(state, waiting)
  const room = Math.max(0, maxRows - frameRows)
  if (held === undefined) return { rows: maxRows, list: 0, facts: [], room, maxScroll: 0 }
  const facts = initiatorFacts(held, cols - 1, practice)
  const wanted = waiting.length > 1 ? Math.min(longestList, waiting.length) : 0
  const list = room - wanted - 1 >= leastDetails ? wanted : 0
  const detailRoom = room - (list === 0 ? 0 : list + 1)
  const shown = Math.min(detailRoom, facts.length)
  return {
    rows: maxRows - (detailRoom - shown),
    list,
    facts,
    room: shown,
    maxScroll: facts.length - shown,
  }
}

/** Where the cursor stands on the last row while something is typed. */
export function drawerCursor(props: DrawerProps): { readonly row: number; readonly col: number } | undefined {
  const { dialog } = props.state
  const row = layoutDrawer(props).rows - 1
  if (dialog.kind === 'comment') {
    return { row, col: Math.min(props.cols - 1, width(commentLabel) + width(fieldText(dialog.text, props.cols))) }
  }
  if (dialog.kind === 'confirm')
    return { row, col: Math.min(props.cols - 1, width(codeLabel) + 1 + dialog.typed.length) }
  return undefined
}

export function Drawer(props: DrawerProps): ReactNode {
  const held = chosen(props.state, pending(props.picture))
  return held === undefined ? <Activity {...props} /> : <Waiting {...props} held={held} />
}

function Waiting({ held, ...props }: DrawerProps & { readonly held: HeldRequest }): ReactNode {
  const { cols, picture, state } = props
  const layout = layoutDrawer(props)
  const waiting = pending(picture)
  const at = waiting.indexOf(held)
  const scroll = Math.min(state.scroll, layout.maxScroll)
  const more = layout.facts.length - layout.room - scroll
  const place = waiting.length > 1 ? `${at + 1} of ${waiting.length}` : ''
  const below = more > 0 ? `↓ ${more} more` : ''
  return (
    <Box flexDirection="column" width={cols} height={layout.rows} overflow="hidden">
      <Rule cols={cols} title={`held ${plain(held.id)}`} aside={[place, below].filter(Boolean).join(' · ')} />
      {layout.list > 0 && <HeldList cols={cols} waiting={waiting} at={at} rows={layout.list} />}
      <Facts rows={layout.facts.slice(scroll, scroll + layout.room)} />
      <Bottom {...props} held={held} scrolls={layout.maxScroll > 0} several={waiting.length > 1} />
    </Box>
  )
}

function HeldList({
  cols,
  waiting,
  at,
  rows,
}: {
  readonly cols: number
  readonly waiting: readonly HeldRequest[]
  readonly at: number
  readonly rows: number
}): ReactNode {
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), waiting.length - rows))
  return (
    <>
      {waiting.slice(first, first + rows).map((held, index) => (
        <Row key={held.id}>
          <Say tone={first + index === at ? 'selected' : 'plain'}>{listRow(held, first + index === at, cols)}</Say>
        </Row>
      ))}
      <Row>
        <Say tone="quiet">{'╌'.repeat(cols)}</Say>
      </Row>
    </>
  )
}

function listRow(held: HeldRequest, selected: boolean, cols: number): string {
  const until = ` ${clock(held.expiresAt)} `
  const room = Math.max(0, cols - width(until))
  return pad(`${selected ? ' ▸ ' : '   '}${plain(held.id)}  ${shortCommand(held)}`, room) + until
}

const codeLabel = ' Type '
const commentLabel = ' Comment: '

function fieldText(text: string, cols: number): string {
  return truncateStart(plain(text), cols - width(commentLabel) - 1)
}

function Bottom({
  cols,
  state,
  held,
  scrolls,
  several,
}: DrawerProps & { readonly held: HeldRequest; readonly scrolls: boolean; readonly several: boolean }): ReactNode {
  const { dialog } = state
  if (dialog.kind === 'comment') {
    return (
      <Row>
        <Say tone="strong">{commentLabel}</Say>
        <Say>{fieldText(dialog.text, cols)}</Say>
      </Row>
    )
  }
  if (dialog.kind === 'confirm') {
    return (
      <Row>
        {codeLabel}
        <Say tone="code">{` ${dialog.code} `}</Say>
        <Say>{' to run exactly this.'}</Say>
        <Say tone="quiet">{'  Esc goes back'}</Say>
      </Row>
    )
  }
  if (state.remark !== '') {
    return (
      <Row>
        <Say tone="strong">{` ${truncate(state.remark, cols - 1)}`}</Say>
      </Row>
    )
  }
  const moves: Action[] = [...(several ? (['down'] as const) : []), ...(scrolls ? (['page-down'] as const) : [])]
  return <Hints actions={[...actionsFor(held), ...moves, 'back']} words={{ down: 'next' }} />
}

function Activity(props: DrawerProps): ReactNode {
  const { cols, maxRows, picture, leader } = props
  const help = leaderHelp(leader)
  const room = Math.max(0, maxRows - frameRows)
  const helpRows = room >= help.length + 2 ? help.length + 1 : 0
  const notes = picture.notes.slice(0, Math.max(0, room - helpRows))
  const rows = frameRows + helpRows + Math.max(1, notes.length)
  return (
    <Box flexDirection="column" width={cols} height={Math.min(maxRows, rows)} overflow="hidden">
      <Rule cols={cols} title="nothing is held" aside="latest first" />
      {notes.length === 0 && (
        <Row>
          <Say tone="quiet">{' No request has been made yet.'}</Say>
        </Row>
      )}
      {notes.map((note) => (
        <NoteRow key={note.auditID} note={note} cols={cols} />
      ))}
      {helpRows > 0 && (
        <>
          <Row> </Row>
          {help.map(([keys, words]) => (
            <Row key={keys}>
              <Say tone="strong">{` ${pad(keys, 2 * width(leader) + 3)}`}</Say>
              <Say tone="quiet">{words}</Say>
            </Row>
          ))}
        </>
      )}
      <Hints actions={['back']} />
    </Box>
  )
}

const shapes = { allow: '✓', hold: '▲', deny: '✗' } as const

function NoteRow({ note, cols }: { readonly note: RequestNote; readonly cols: number }): ReactNode {
  const masked = note.masked === 0 ? '' : `${note.masked} masked `
  const aside = note.decision === 'deny' ? 'denied ' : masked
  const text = ` ${shapes[note.decision]} ${plain(note.command)}`
  return (
    <Row>
      <Say tone={note.decision === 'deny' ? 'bad' : 'plain'}>{pad(text, Math.max(0, cols - width(aside) - 1))}</Say>
      <Text> </Text>
      <Say tone="quiet">{aside}</Say>
    </Row>
  )
}
