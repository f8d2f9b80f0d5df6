import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { BrokerInfo } from '../../src/control/contract.ts'
import { timeLeft } from '../words/durations.ts'
import { shortCommand, whoMay } from '../words/held.ts'
import { modeLabel } from '../words/mode.ts'
import { count } from '../words/notices.ts'
import { plain } from '../words/plain.ts'
import { truncate, width } from '../words/width.ts'
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

/** Rows narrower than these many cells leave out what the row can do without. */
const roomFor = { name: 56, context: 56, recordingWord: 100, leaderWords: 100 } as const
const longestContext = 24

/** The reserved last line: whose it is and where it leads · what matters now · recording and the way in. */
export function StatusLine(props: StatusProps): ReactNode {
  const { cols, info, leader, open } = props
  const context = cols < roomFor.context ? '' : truncate(plain(info.context), longestContext)
  const hint = cols < roomFor.leaderWords ? leader : `${leader} ${open ? 'closes' : 'opens'}`
  const recording = cols < roomFor.recordingWord ? '●' : '● rec'
  const mark = cols < roomFor.name ? ' ◆ ' : ' chaperone '
  const left = width(mark) + width(` ${modeLabel(info.mode)} `) + (context === '' ? 0 : width(context) + 2)
  const right = width(recording) + width(hint) + 3
  const message = messageOf(props)
  const room = Math.max(0, cols - left - right - 2)
  const badge = message.badge === '' ? '' : ` ${message.badge} `
  const words = fitting(message, room - width(badge) - 1)
  return (
    <Box height={1} width={cols} justifyContent="space-between" overflow="hidden">
      <Text wrap="truncate-end">
        <Say tone="mark">{mark}</Say>
        <Say tone="strong">{` ${modeLabel(info.mode)} `}</Say>
        {context === '' ? '' : <Say>{`${context}  `}</Say>}
        <Say tone={message.tone}>{truncate(badge, room)}</Say>
        <Say tone={badge === '' ? message.tone : 'plain'}>
          {truncate(badge === '' ? words : ` ${words}`, room - width(badge))}
        </Say>
      </Text>
      <Box flexShrink={0}>
        <Text>
          <Say tone="recording">{` ${recording}`}</Say>
          <Say tone="quiet">{` ${hint} `}</Say>
        </Text>
      </Box>
    </Box>
  )
}

/** What is cut shorter than this says nothing. */
const leastCut = 12

function fitting({ words, cut }: Message, room: number): string {
  const whole = words.find((one) => width(one) <= room)
  if (whole !== undefined) return whole
  if (cut === undefined) return words.at(-1) ?? ''
  const left = room - width(cut.end) - 3
  return left < leastCut ? cut.end : `${truncate(cut.what, left)} · ${cut.end}`
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
