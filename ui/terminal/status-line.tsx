import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { BrokerInfo } from '../../src/control/contract.ts'
import type { HeldRequest } from '../../src/model/held.ts'
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
  /** Cells for which what is less worth is left out around it; they do not change from second to second. */
  readonly wanted: number
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

/**
 * The fullest surround that leaves room for the message. What matters now is worth more than the name of the context,
 * and where not even its beginning has room, more than all the rest.
 */
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
  const marked = { ...short, mark: ' ◆ ' }
  const narrow = { ...marked, context: '' }
  const bare = [
    { ...narrow, mode: '' },
    { ...narrow, mode: '', mark: '' },
    { ...narrow, mode: '', mark: '', recording: '' },
  ]
  const named = [...(cols < roomFor.words ? [] : [full]), ...(cols < roomFor.names ? [] : [short, marked])]
  const first = (from: readonly Surround[], needed: number) =>
    from.find((one) => width(one.mark + one.mode + one.context + one.recording + one.hint) + needed <= cols)
  const words = badge + (badge === 0 ? 0 : 1)
  return (
    first([...named, narrow], words + message.wanted) ??
    first(named.toReversed(), words + goodWords(message)) ??
    first([narrow, ...bare], badge + leastWords(message)) ??
    first([narrow, ...bare], badge) ?? { mark: '', mode: '', context: '', recording: '', hint: '' }
  )
}

/** Narrower rows leave out what they can do without, even where it would fit just now: the row must not jump about. */
const roomFor = { names: 56, words: 100 } as const

/** What is cut shorter than the first says nothing; the name of the context is not worth more than the second. */
const leastCut = 12
const goodCut = 24

/** Cells of words that say enough to leave the name of the context beside them. */
function goodWords({ words, cut }: Message): number {
  return cut === undefined ? Math.min(goodCut, ...words.map(width)) : width(cut.end) + 3 + goodCut
}

/** Cells of words without which the message says too little. */
function leastWords({ badge, words, cut }: Message): number {
  if (cut !== undefined) return width(cut.end) + 2
  return badge === '' ? Math.min(leastCut, ...words.map(width)) : 0
}

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
    return alarm('✗ BROKER ENDED', [`no request reaches the cluster${why}`, 'leave with exit'])
  }
  if (picture.link === 'lost') {
    const words = ['no request reaches the cluster; trying to reconnect', 'trying to reconnect', 'reconnecting']
    return alarm('✗ BROKER LOST', words)
  }
  if (picture.link === 'refused') {
    return alarm('✗ SIGNED OUT', ['the broker does not know this session; leave with exit', 'leave with exit'])
  }
  if (picture.link === 'expired') {
    return alarm('✗ SESSION ENDED', ['requests are refused; leave with exit', 'leave with exit'])
  }
  if (notice !== undefined) {
    return { tone: notice.tone, badge: '', words: [notice.text], wanted: width(notice.text) }
  }
  const waiting = pending(picture)
  const [first] = waiting
  return first === undefined ? calm(picture, info) : held(first, waiting.length, now)
}

function alarm(badge: string, words: readonly string[]): Message {
  return { tone: 'alarm', badge, words, wanted: Math.min(...words.map(width)) }
}

/** Whose word it waits for is said even where the rest has no room: one's own no reviewer can give. */
function held(first: HeldRequest, count: number, now: number): Message {
  const left = timeLeft(first.expiresAt, now)
  const time = left.replace(/ left$/, '')
  const what = shortCommand(first)
  const badge = `▲ ${count} held`
  const wanted = width(what) + 3 + longestTime
  if (first.requirement.kind === 'confirm') {
    const end = `needs you · ${time}`
    const words = [`${what} · needs your confirmation · ${left}`, `${what} · ${end}`]
    return { tone: 'waiting', badge, words, wanted: wanted + width('needs you · '), cut: { what, end } }
  }
  const words = [
    `${what} · needs ${whoMay(first.requirement)} · ${left}`,
    `${what} · needs a review · ${left}`,
    `${what} · ${left}`,
    `${what} · ${time}`,
  ]
  return { tone: 'waiting', badge, words, wanted, cut: { what, end: time } }
}

/** `14m 58s`: while time passes nothing else is to move. */
const longestTime = 7

function calm({ counts, link }: Picture, info: BrokerInfo): Message {
  if (link === 'connecting') return { tone: 'quiet', badge: '', words: ['connecting …'], wanted: 0 }
  const requests = count(counts.requests, 'request')
  const masked = counts.masked === 0 ? [] : [`${counts.masked} masked`]
  const denied = counts.denied === 0 ? [] : [`${counts.denied} denied`]
  const all = [requests, ...denied, ...masked]
  const nothingReal = info.practice ? ['nothing here is real'] : []
  const words = [[...nothingReal, ...all].join(' · '), all.join(' · '), requests, String(counts.requests)]
  return { tone: 'quiet', badge: '', words, wanted: 0 }
}
