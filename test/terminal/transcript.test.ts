import fc from 'fast-check'
import { expect, test } from 'vitest'
import { markedLines, Transcript } from '../../src/terminal/transcript.ts'

const output = (...data: string[]) => data.map((one, seconds) => ({ seconds, code: 'o', data: one }))
function of(...data: string[]): Transcript {
  const transcript = new Transcript()
  transcript.append(output(...data), 0)
  return transcript
}

test('words are found whatever their case, colours and pieces', () => {
  const transcript = of('say \x1b[31mHel', 'lo\x1b[0m wor', 'ld', '\x1b]0;hello\x07', 'HELLO again')
  expect(transcript.find('hello', -1, 'forward')).toBe(1)
  expect(transcript.find('hello', 1, 'forward')).toBe(4)
  expect(transcript.find('hello', 4, 'forward')).toBeUndefined()
  expect(transcript.find('hello', 4, 'backward')).toBe(1)
  expect(transcript.find('o world', -1, 'forward')).toBe(2)
  expect(transcript.find('a.ain', -1, 'forward')).toBeUndefined()
})

test('sequences that are cut between pieces leave nothing behind, however they are cut', () => {
  const story = 'one \x1b[1;31mred\x1b[0m\x1b]8;;https://a.example\x1b\\link\x1b]8;;\x07 \x1b(Bend'
  for (let at = 1; at < story.length; at += 1)
    expect(of(story.slice(0, at), story.slice(at)).text).toBe('one redlink end')
  expect(of(...story).text).toBe('one redlink end')
})

test('what would turn or move a text that is read is not in it: 8-bit controls and bidi characters, however cut', () => {
  const bidi = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'
  const story = `a\x9b31mb\x9d0;title\x9cc\x90q\x1b\\d\x85e\x80f\u009f_g\x07h${bidi}i\u00a0ü`
  for (let at = 1; at < story.length; at += 1)
    expect(of(story.slice(0, at), story.slice(at)).text).toBe('abcdefhi\u00a0ü')
  expect(of(...story).text).toBe('abcdefhi\u00a0ü')
})

test('no control but tab and line feed, and nothing that turns the direction, is left of any output', () => {
  const unit = fc.oneof(fc.constantFrom('\x1b', '\x9b', '[', ';', '\x9d', '\x9c', '\x07', '\u202e', 'm'), fc.string())
  fc.assert(
    fc.property(fc.array(unit), (pieces) => {
      expect(of(...pieces).text).not.toMatch(
        /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
      )
    }),
  )
})

test('lines carry the time at which they began, and markers stand between them', () => {
  const events = [
    { seconds: 1, code: 'o', data: '$ \x1b[1mls\x1b[0m' },
    { seconds: 61, code: 'o', data: ' -l\r\n\r\nfile\r\n' },
    { seconds: 62, code: 'm', data: 'held\x1b[2J' },
    { seconds: 63, code: 'r', data: '80x24' },
    { seconds: 64, code: 'o', data: 'last' },
  ]
  expect([...markedLines(events)]).toEqual(['[00:01] $ ls -l', '[01:01] file', '[01:02] ◆ held [2J', '[01:04] last'])
})

test('markers and sizes between are passed over; what comes later is found too', () => {
  const transcript = new Transcript()
  transcript.append([{ seconds: 0, code: 'm', data: 'needle' }, ...output('x')], 0)
  transcript.append(output('needle'), 2)
  expect(transcript.find('needle', -1, 'forward')).toBe(2)
})

test('every place is found in order, forth and back, as in the whole text', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\x1b[1m'), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('a', 'ab', 'bb', 'aab'), (pieces, words) => {
      const transcript = of(...pieces)
      const forth: number[] = []
      for (
        let at = transcript.find(words, -1, 'forward');
        at !== undefined;
        at = transcript.find(words, at, 'forward')
      ) {
        forth.push(at)
      }
      const back: number[] = []
      const end = pieces.length
      for (let at = transcript.find(words, end, 'backward'); at !== undefined;) {
        back.unshift(at)
        at = transcript.find(words, at, 'backward')
      }
      expect(back).toEqual(forth)
      expect(forth.length > 0).toBe(transcript.text.includes(words))
      expect(forth).toEqual([...new Set(forth)].toSorted((a, b) => a - b))
    }),
  )
})
