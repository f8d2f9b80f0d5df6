import { describe, expect, test } from 'vitest'
import { Bench, chrome } from './screen-bench.ts'

async function answers(questions: string, prepare: (bench: Bench) => void = () => undefined): Promise<string> {
  const bench = new Bench()
  prepare(bench)
  await bench.show(Buffer.from(questions))
  return bench.replies
}
const dark = '\x1b]10;rgb:ff/ff/ff\x07junk\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b]4;1;rgb:aaaa/0000/0000\x07'

describe('a program that asks its terminal', () => {
  test('hears the colours of the real terminal, and its own once it set them', async () => {
    const asked = '\x1b]11;?\x07\x1b]4;1;?\x07'
    expect(await answers(asked, (bench) => bench.colours(dark))).toBe(
      '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b]4;1;rgb:aaaa/0000/0000\x1b\\',
    )
    const own = '\x1b]11;#fff\x07\x1b]4;1;rgb:8/80/800\x07'
    expect(await answers(own + asked, (bench) => bench.colours(dark))).toBe(
      '\x1b]11;rgb:f000/f000/f000\x1b\\\x1b]4;1;rgb:8888/8080/8008\x1b\\',
    )
    const back = '\x1b]111\x07\x1b]104;1\x07'
    expect(await answers(own + back + asked, (bench) => bench.colours(dark))).toBe(
      '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b]4;1;rgb:aaaa/0000/0000\x1b\\',
    )
  })

  test('hears the standard palette, and nothing about a background nobody knows', async () => {
    expect(await answers('\x1b]11;?\x07\x1b]4;196;?;244;?;999;?;x;?\x07')).toBe(
      '\x1b]4;196;rgb:ffff/0000/0000\x1b\\\x1b]4;244;rgb:8080/8080/8080\x1b\\',
    )
  })

  test.each([
    ['what it is', '\x1b[c', '\x1b[?1;2c'],
    ['its version', '\x1b[>c', '\x1b[>0;276;0c'],
    ['its name', '\x1b[>q', '\x1bP>|chaperone\x1b\\'],
    ['where the cursor is', '\x1b[2;3H\x1b[6n', '\x1b[2;3R'],
    ['the size of its screen', '\x1b[18t', '\x1b[8;5;20t'],
    ['synchronized updates', '\x1b[?2026$p', '\x1b[?2026;2$y'],
    ['mouse reports in pixels', '\x1b[?1016h\x1b[?1016$p', '\x1b[?1016;0$y'],
    ['its margins', '\x1b[2;4r\x1bP$qr\x1b\\', '\x1bP1$r2;4r\x1b\\'],
    ['the plain look', '\x1bP$qm\x1b\\', '\x1bP1$r0m\x1b\\'],
    ['a look it set', '\x1b[1;3;4;9;31;102m\x1bP$qm\x1b\\', '\x1bP1$r0;1;3;4;9;31;102m\x1b\\'],
    ['direct colours', '\x1b[38;2;1;2;3;48:2::4:5:6m\x1bP$qm\x1b\\', '\x1bP1$r0;38:2::1:2:3;48:2::4:5:6m\x1b\\'],
    ['a colour of the palette', '\x1b[38;5;196m\x1bP$qm\x1b\\', '\x1bP1$r0;38:5:196m\x1b\\'],
    ['an underline', '\x1b[4:3;58:5:9m\x1bP$qm\x1b\\', '\x1bP1$r0;4:3;58:5:9m\x1b\\'],
    ['the plain look after a link', '\x1b]8;;http://x\x07\x1bP$qm\x1b\\', '\x1bP1$r0m\x1b\\'],
    ['the shape of the cursor', '\x1b[5 q\x1bP$q q\x1b\\', '\x1bP1$r5 q\x1b\\'],
    ['a shape that nobody set', '\x1bP$q q\x1b\\', '\x1bP0$r\x1b\\'],
    ['a setting that is none', '\x1bP$qrm -rf\x1b\\', '\x1bP0$r\x1b\\'],
    ['a capability it has', '\x1bP+q524742\x1b\\', '\x1bP1+r524742=382f382f38\x1b\\'],
    ['a capability it has not', '\x1bP+q726d202d72\x1b\\', '\x1bP0+r\x1b\\'],
    ['the keyboard of kitty', '\x1b[?u', ''],
    ['its title', '\x1b]2;rm\x07\x1b[21t', ''],
    ['the clipboard', '\x1b]52;c;?\x07', ''],
  ])('hears about %s from the model', async (_, question, answer) => {
    expect(await answers(question)).toBe(answer)
  })

  test('writes the clipboard where it may, within bounds', async () => {
    const written = async (clipboard: boolean, data: string) => {
      const bench = new Bench({ clipboard })
      await bench.show(Buffer.from(`\x1b]52;${data}\x07`))
      const frames = bench.sent.filter((message) => message.type === 'frame')
      const copied = frames.reduce((sum, frame) => sum + frame.copied, 0)
      expect(frames.some(({ text }) => text.includes('\x1b]52'))).toBe(copied > 0)
      return copied
    }
    const text = Buffer.from('text').toString('base64')
    expect(await written(true, `c;${text}`)).toBe(4)
    expect(await written(true, `p;${text}`)).toBe(4)
    expect(await written(false, `c;${text}`)).toBe(0)
    expect(await written(true, 'c;?')).toBe(0)
    expect(await written(true, `c;${'A'.repeat(150_000)}`)).toBe(0)
    expect(await written(true, 'c;no base64!')).toBe(0)
  })

  test('writes no clipboard while the drawer has the keys', async () => {
    const bench = new Bench({ clipboard: true })
    await bench.frame({ ...chrome, drawerRows: ['drawer'], focused: true })
    bench.output(Buffer.from('\x1b]52;c;YQ==\x07'))
    await bench.frame({ ...chrome, drawerRows: ['drawer'], focused: true })
    await bench.show(Buffer.from('back'))
    expect(bench.sent.every((message) => message.type !== 'frame' || message.copied === 0)).toBe(true)
  })

  test('is not answered again, nor does it ring or write the clipboard, when its past is brought back', async () => {
    const bench = new Bench({ clipboard: true })
    bench.past([{ bytes: Buffer.from('\x1b]2;title\x07\x1b[c\x1b[>q\x1b]10;?\x07\x1b[6n\x07\x1b]52;c;YQ==\x07past') }])
    await bench.show(Buffer.from('!'))
    expect(bench.row(0)).toBe('past!')
    expect(bench.replies).toBe('')
    const text = bench.sent.map((message) => (message.type === 'frame' ? message.text : '')).join('')
    expect(text).not.toContain('\x1b]52')
    expect(text.replaceAll(/\x1b\].*?\x07/g, '')).not.toContain('\x07')
    expect(text).toContain('\x1b]2;chaperone: title\x07')
  })

  test('gets back the title it put aside', async () => {
    const bench = new Bench()
    await bench.show(Buffer.from('\x1b]2;one\x07\x1b[22;2t\x1b]2;two\x07'))
    await bench.show(Buffer.from('\x1b[23;2t'))
    const titles = bench.sent.flatMap((message) =>
      message.type === 'frame' ? [...(/\x1b\]2;(.*?)\x07/.exec(message.text)?.slice(1) ?? [])] : [],
    )
    expect(titles).toEqual(['chaperone: two', 'chaperone: one'])
  })
})
