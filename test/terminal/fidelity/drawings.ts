/** What programs draw with escape sequences, each by its name. */
export const drawings: Readonly<Record<string, string>> = {
  'attributes one by one and together': [1, 2, 3, 4, 5, 7, 8, 9, 53]
    .map((sgr) => `\x1b[${sgr}mlook ${sgr}\x1b[0m \x1b[${sgr};1;31mmore\x1b[0m\r\n`)
    .join(''),
  'the 16 and the 256 colours': Array.from(
    { length: 256 },
    (_, index) => `\x1b[38;5;${index};48;5;${255 - index}mx`,
  ).join(''),
  'bright colours and defaults': [30, 37, 39, 90, 97, 40, 47, 49, 100, 107]
    .map((sgr) => `\x1b[${sgr}m${sgr} `)
    .join(''),
  'a truecolour ramp, with commas and with colons': Array.from(
    { length: 200 },
    (_, index) => `\x1b[48;2;${index};${255 - index};128m \x1b[38:2::${index}:0:${index}m.`,
  ).join(''),
  'underline styles and colours': [
    ...[1, 2, 3, 4, 5].map((style) => `\x1b[4:${style}mstyle ${style}\x1b[24m `),
    '\r\n\x1b[4:3;58;5;9mred\x1b[59m plain \x1b[58;2;1;2;3mrgb \x1b[58:2::9:8:7mcolons\x1b[0m \x1b[21mdouble\x1b[0m',
  ].join(''),
  links:
    '\x1b]8;;https://example.org/a\x07first\x1b]8;;\x07 between \x1b]8;id=x;https://example.org/b\x1b\\sec\x1b]8;;\x1b\\ \x1b[1m' +
    '\x1b]8;id=x;https://example.org/b\x1b\\ond\x1b]8;;\x1b\\\r\n\x1b]8;;file:///a%20b\x07漢字 link\x1b]8;;\x07 after',
  'wide and combined characters':
    'größe 漢字かな e\u0301 n\u0303 ﷽ ｗｉｄｅ 😀 👍 ｶﾞ 한국어 e\u0301\u0302\u0323|\r\n'.repeat(3),
  'wide characters at the edge': `\x1b[1;80H漢\x1b[2;79H漢\x1b[3;1H漢字\x1b[3;2Hx\x1b[4;1H漢字\x1b[4;1Hx\x1b[5;1H${'漢'.repeat(60)}`,
  'line drawing characters': '\x1b(0lqqwqqk\r\nx  x  x\r\nmqqvqqj\x1b(B plain \x0ea\x0f',
  'inserting, deleting, erasing': [
    'abcdefghij\r\n'.repeat(6),
    '\x1b[2;3H\x1b[2@\x1b[3;3H\x1b[2P\x1b[4;3H\x1b[3X\x1b[5;1H\x1b[L\x1b[1;5H\x1b[1K\x1b[6;1H\x1b[M\x1b[44m\x1b[2;8H\x1b[K',
  ].join(''),
  'scroll regions and origin mode': `${'line\r\n'.repeat(12)}\x1b[3;8r\x1b[?6h\x1b[1;1Htop\x1b[6;1Hend\n\n\x1b[?6l\x1b[2;1H\x1bM\x1b[r`,
  'tabs, repeats, insert mode, alignment':
    '\x1b#8\x1b[H\tab\x1b[3bc\x1b[2Ztab\x1b[4hinserted\x1b[4l\x1b[5;1H\x1b[3g\tend',
  'saved cursors and the alternate screen': 'main\x1b7\x1b[5;5H\x1b8!\x1b[?1049h\x1b[2;2Halternate\x1b[?1049l back',
  'an alternate screen that stays': 'main\x1b[?1049h\x1b[Halternate \x1b[31mred',
  'a waiting wrap and reverse wrap': `${'x'.repeat(80)}\b\by\r\n${'z'.repeat(81)}\x1b[?7l\x1b[10;75Hno wrapping here`,
  'a scrolled screen': Array.from({ length: 90 }, (_, index) => `\x1b[3${index % 8}mrow ${index}\r\n`).join(''),
  'a soft reset': '\x1b[1;31m\x1b[?25l\x1b[4h\x1b[3;5r\x1b[!pafter',
  'a full reset': 'before\x1b[1;31m\x1b[?1049h\x1b[?1000h\x1bcafter',
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((shape) => [`cursor shape ${shape}`, `\x1b[${shape} q`])),
  'a hidden cursor': '\x1b[?25l',
  ...Object.fromEntries(
    ['9', '1000', '1002', '1003', '1000;1006', '1002;1015', '1004', '1'].map((mode) => [
      `mode ${mode}`,
      `\x1b[?${mode}h`,
    ]),
  ),
  'application keypad': '\x1b=',
  'a title': '\x1b]2;größe of a title\x07',
}
