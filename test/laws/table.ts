/**
 * Who may import whom. An entry is a room (`model`), one file of a room without its ending (`control/client`), or
 * `*` and a file (`*\/port`: that file of any room). `value` may also be imported as a type.
 */
export interface Allowance {
  readonly value: readonly string[]
  readonly types: readonly string[]
}

const ports = ['*/port']
const keeper: Allowance = { value: ['model', 'stream'], types: ports }
const everyRoom = [
  'approval',
  'campaign',
  'config',
  'control',
  'identity',
  'journal',
  'kube',
  'mask',
  'model',
  'notify',
  'policy',
  'practice',
  'proxy',
  'recording',
  'request',
  'session',
  'store',
  'stream',
  'terminal',
  'trust',
]

export const importTable: Readonly<Record<string, Allowance>> = {
  main: { value: ['commands', 'config'], types: [] },
  commands: { value: [...everyRoom, 'broker', 'ui/terminal', 'ui/words'], types: [] },
  broker: { value: everyRoom, types: [] },

  model: { value: [], types: [] },
  request: { value: ['model', 'stream'], types: [] },
  stream: { value: ['model'], types: [] },
  policy: { value: ['model', 'stream'], types: [...ports, 'request'] },
  mask: { value: ['model', 'stream'], types: [...ports, 'request'] },

  identity: keeper,
  approval: keeper,
  recording: keeper,
  journal: keeper,
  session: keeper,
  campaign: keeper,
  notify: keeper,
  trust: keeper,
  store: keeper,
  config: keeper,

  kube: { value: ['model', 'stream'], types: [] },
  proxy: { value: ['model', 'request', 'stream'], types: everyRoom },
  control: { value: ['model'], types: ports },
  terminal: { value: ['model', 'stream', 'recording', 'control/client'], types: ['control/contract', ...ports] },
  practice: { value: ['model', 'stream'], types: [] },

  'ui/terminal': { value: ['ui/words', 'control/contract'], types: ['model', 'control/contract'] },
  'ui/web': { value: ['ui/words', 'control/contract'], types: ['model'] },
  'ui/words': { value: ['model'], types: ['control/contract'] },
}

/** Rooms that work on what they are given: no clock, no chance, no file, no socket, no process. */
export const pureRooms: readonly string[] = ['model', 'request', 'stream', 'policy', 'mask', 'ui/words']

/** Node's own modules that only compute. */
export const pureModules: readonly string[] = [
  'node:buffer',
  'node:crypto',
  'node:string_decoder',
  'node:util',
  'node:zlib',
]

/** Globals that reach for the world, as {@link SourceFile.uses} names them. */
export const impureGlobals: readonly RegExp[] = [
  /^(= )?process(\.|$)/,
  /^Date\.now$|^Date\(\)$|^new Date\(0\)$/,
  /^Math\.random$/,
  /^performance\./,
  /^crypto\.(getRandomValues|randomUUID)$|^random(Bytes|UUID|Int|FillSync)\(\)$/,
  /^(setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(\)$/,
]

/** What may lie at the top of the repository, besides dot-files. */
export const topLevel: readonly string[] = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'docs',
  'package-lock.json',
  'package.json',
  'recordings',
  'scripts',
  'src',
  'test',
  'tsconfig.json',
  'ui',
]
