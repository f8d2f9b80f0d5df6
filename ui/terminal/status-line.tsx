import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { BrokerInfo } from '../../src/control/contract.ts'
import { timeLeft } from '../words/durations.ts'
import { shortCommand, whoMay } from '../words/held.ts'
import { modeLabel } from '../words/mode.ts'
import { count } from '../words/notices.ts'
import { plain } from '../words/plain.ts'
import { truncate, truncateMiddle, width } from '../words/width.ts'
import { Say } from './parts.tsx'
import { pending, type Picture } from './picture.ts'
import type { Tone } from './theme.ts'

/** Something that happened, shown for a few seconds. */
export interface Notice {
  readonly tone: Tone
  readonly text: string
}

export interface StatusProps {
  readonly cols: number
  readonly info: BrokerInfo
  readonly picture: Picture
  readonly notice: Notice | undefined
  readonly open: boolean
  readonly leader: string
  readonly now: number
}

/** Said in the middle: a badge that must be seen, and words of which the longest that fit are taken. */
interface Message {
  readonly tone: Tone
  readonly badge: string
  readonly words: readonly string[]
  /** Where no words fit: something that may be cut, and an end that may not. */
  readonly cut?: { readonly what: string; readonly end: string }
}

/** What stands around the message; empty = left out. */
interface Surround {
  readonly mark: string
  readonly mode: string
  readonly context: string
  readonly recording: string
  readonly hint: string
}

const longestContext = 24

/** The reserved last line: whose it is and where it leads · what matters now · recording and the way in. */
export function StatusLine(props: StatusProps): ReactNode {
  const { cols } = props
  const message = messageOf(props)
  const badge = message.badge === '' ? '' : ` ${message.badge} `
  const { mark, mode, context, recording, hint } = surroundOf(props, width(badge), message)
  const room = Math.max(0, cols - width(mark + mode + context + recording + hint))
  const words = fitting(message, room - width(badge) - 1)
  return (
    <Box height={1} width={cols} justifyContent="space-between" overflow="hidden">
      <Text wrap="truncate-end">
        <Say tone="mark">{mark}</Say>
        <Say tone="strong">{mode}</Say>
        <Say>{context}</Say>
        <Say tone={message.tone}>{truncate(badge, room)}</Say>
        <Say tone={badge === '' ? message.tone : 'plain'}>
          {truncate(words === '' || badge === '' ? words : ` ${words}`, room - width(badge))}
        </Say>
      </Text>
      <Box flexShrink={0}>
        <Text>
          <Say tone="recording">{recording}</Say>
          <Say tone="quiet">{hint}</Say>
        </Text>
      </Box>
    </Box>
  )
}

/** The fullest surround that leaves room for the message. What matters now is worth more than all of it. */
function surroundOf({ cols, info, leader, open }: StatusProps, badge: number, message: Message): Surround {
  const context = truncate(plain(info.context), longestContext)
  const full: Surround = {
    mark: ' chaperone ',
    mode: ` ${modeLabel(info.mode)} `,
    context: `${context}  `,
    recording: ' ● rec',
    hint: ` ${leader} ${open ? 'closes' : 'opens'} `,
  }
  const short = { ...full, recording: ' ●', hint: ` ${leader} ` }
  const narrow = { ...short, mark: ' ◆ ', context: '' }
  const candidates = [
    ...(cols < roomFor.names ? [] : [short]),
    narrow,
    { ...narrow, mode: '' },
    { ...narrow, mode: '', mark: '' },
    { ...narrow, mode: '', mark: '', recording: '' },
  ]
  const fits = ({ mark, mode, context: place, recording, hint }: Surround, needed: number) =>
    width(mark + mode + place + recording + hint) + needed <= cols
  const best = (needed: number) => candidates.find((candidate) => fits(candidate, needed))
  if (cols >= roomFor.words && fits(full, badge + Math.min(...message.words.map(width)) + 1)) return full
  return (
    best(badge + leastWords(message)) ?? best(badge) ?? { mark: '', mode: '', context: '', recording: '', hint: '' }
  )
}

/** Narrower rows leave out what they can do without, even where it would fit just now: the row must not jump about. */
const roomFor = { names: 56, words: 100 } as const

/** Cells of words without which the message says too little. */
function leastWords({ badge, words, cut }: Message): number {
  if (cut !== undefined) return width(cut.end) + 2
  return badge === '' ? Math.min(leastCut, ...words.map(width)) : 0
}

/** What is cut shorter than this says nothing. */
const leastCut = 12

function fitting({ badge, words, cut }: Message, room: number): string {
  const whole = words.find((one) => width(one) <= room)
  if (whole !== undefined) return whole
  if (cut === undefined) return badge === '' ? (words.at(-1) ?? '') : ''
  const left = room - width(cut.end) - 3
  return left < leastCut ? cut.end : `${truncateMiddle(cut.what, left)} · ${cut.end}`
}

function messageOf({ picture, notice, now, info }: StatusProps): Message {
  if (picture.link === 'ended') {
    const why = picture.trouble === '' ? '' : ` (${plain(picture.trouble)})`
    return {
      tone: 'alarm',
      badge: '✗ BROKER ENDED',
      words: [`no request reaches the cluster${why}`, 'leave with exit'],
    }
  }
  if (picture.link === 'lost') {
    return {
      tone: 'alarm',
      badge: '✗ BROKER LOST',
      words: ['no request reaches the cluster; trying to reconnect', 'trying to reconnect', 'reconnecting'],
    }
  }
  if (picture.link === 'expired') {
    return {
      tone: 'alarm',
      badge: '✗ SESSION ENDED',
      words: ['requests are refused; leave with exit', 'leave with exit'],
    }
  }
  if (notice !== undefined) return { tone: notice.tone, badge: '', words: [notice.text] }
  const waiting = pending(picture)
  const [first] = waiting
  if (first === undefined) return calm(picture, info)
  const left = timeLeft(first.expiresAt, now)
  const what = shortCommand(first)
  const who = first.requirement.kind === 'confirm' ? 'needs your confirmation' : `needs ${whoMay(first.requirement)}`
  const short = first.requirement.kind === 'confirm' ? 'needs you' : 'needs a review'
  const words = [`${what} · ${who} · ${left}`, `${what} · ${short} · ${left}`, `${what} · ${left}`]
  return {
    tone: 'waiting',
    badge: `▲ ${waiting.length} held`,
    words,
    cut: { what, end: left.replace(/ left$/, '') },
  }
}

function calm({ counts, link }: Picture, info: BrokerInfo): Message {
  if (link === 'connecting') return { tone: 'quiet', badge: '', words: ['connecting …'] }
  const requests = count(counts.requests, 'request')
  const masked = counts.masked === 0 ? [] : [`${counts.masked} masked`]
  const denied = counts.denied === 0 ? [] : [`${counts.denied} denied`]
  const all = [requests, ...denied, ...masked]
  const nothingReal = info.practice ? ['nothing here is real'] : []
  return {
    tone: 'quiet',
    badge: '',
    words: [[...nothingReal, ...all].join(' · '), all.join(' · '), requests, String(counts.requests)],
  }
}
