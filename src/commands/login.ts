import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { plain } from '../../ui/words/plain.ts'
import { parseDuration } from '../config/duration.ts'
import { prepareState } from '../config/state.ts'
import { keepKeySignIn, readKeyFile } from '../identity/key-sign-in.ts'
import { signInByBrowser } from '../identity/oidc-code.ts'
import { hasDeviceFlow, signInByDevice } from '../identity/oidc-device.ts'
import { openProvider, type Provider, type Tokens } from '../identity/oidc.ts'
import type { Person } from '../identity/person.ts'
import { keepSignIn } from '../identity/signed-in.ts'
import { readSubjectKey, subjectToken } from '../identity/subject-token.ts'
import { Fault } from '../model/fault.ts'
import { exitCode, flag, say, text, type Command, type Context, type Parsed } from './command.ts'
import { listOf, personHelp, personOptions, requirePerson, verifierOf, type PersonConfig } from './person.ts'

/** Long enough to find the phone with the second factor. */
const defaultTimeout = '5m'
/** A day's work. */
const defaultKeyTime = '12h'

export const command: Command = {
  name: 'login',
  summary: 'Sign in at the identity provider of the configuration, or with a key.',
  usage: 'chaperone login [OPTIONS]',
  help: `Opens the provider in your browser, and keeps what it gives in one file (0600) of the state folder.
The address is printed as well, for a browser that cannot be opened from here. Where there is
none at all, as over ssh, a code is printed instead, to be entered on any other device.

With a subjects file instead of a provider (identity.subjects), --name and --key say who you are: the key
is one that \`chaperone subject key\` made, and the file lists its public half. It stays where it is.

Options
  --device             sign in with a code on another device
  --port PORT          where the browser comes back to on 127.0.0.1; default: a free one
  --timeout DURATION   how long to wait for you; default ${defaultTimeout}
  --name NAME          your name in the subjects file
  --key FILE           your key
  --lifetime DURATION  how long the sign-in with a key lasts; default ${defaultKeyTime}, at most 24h
${personHelp}

Examples
  chaperone login
  chaperone login --device
  chaperone login --name ana --key ~/.ssh/chaperone.key`,
  options: {
    ...personOptions,
    device: { type: 'boolean' },
    port: { type: 'string' },
    timeout: { type: 'string' },
    name: { type: 'string' },
    key: { type: 'string' },
    lifetime: { type: 'string' },
  },
  run: async (context, parsed) => {
    const asked = await requirePerson(context, parsed)
    if (asked.by.kind === 'subjects') return loginByKey(context, parsed, asked, asked.by.file)
    const { people } = asked.by
    const timeoutMs = parseDuration(text(parsed, 'timeout') ?? defaultTimeout, '--timeout')
    const port = portOf(parsed)
    if (text(parsed, 'sign-in') === undefined) await prepareStateOf(context, parsed)
    const verify = verifierOf(asked)
    await using provider = await openProvider(people)
    using patience = patienceOf(timeoutMs)
    const accept = async (tokens: Tokens) => {
      const person = await verify(tokens.idToken)
      await keepSignIn(asked.path, provider, tokens)
      return person
    }
    const { signal } = patience
    const person = usesDevice(context, parsed, provider)
      ? await accept(await signInByDevice(provider, { signal, show: (prompt) => showCode(context, prompt) }))
      : await signInByBrowser(provider, { port: port ?? 0, signal, show: (url) => showAddress(context, url) }, accept)
    welcome(context, person)
    return exitCode.ok
  },
}

async function loginByKey(context: Context, parsed: Parsed, asked: PersonConfig, list: string): Promise<number> {
  const [name, key] = [text(parsed, 'name'), text(parsed, 'key')]
  if (name === undefined || key === undefined) {
    throw new Fault('ERR_USAGE', 'Say who you are: --name NAME --key FILE.', {
      advice: `Make a key with \`chaperone subject key FILE\`; whoever keeps ${list} adds it.`,
    })
  }
  const lasts = parseDuration(text(parsed, 'lifetime') ?? defaultKeyTime, '--lifetime')
  const keyFile = resolve(key)
  const privateKey = readSubjectKey(await readKeyFile(keyFile), keyFile)
  const { audience } = await listOf(list)
  const person = await verifierOf(asked)(subjectToken({ name, audience, key: privateKey }, Date.now(), randomUUID))
  if (text(parsed, 'sign-in') === undefined) await prepareStateOf(context, parsed)
  const until = new Date(Date.now() + lasts).toISOString()
  await keepKeySignIn(asked.path, { audience, name, keyFile, until })
  welcome(context, person)
  return exitCode.ok
}

async function prepareStateOf(context: Context, parsed: Parsed): Promise<void> {
  await prepareState(text(parsed, 'state') ?? context.environment.stateFolder, context.environment.uid)
}

function usesDevice(context: Context, parsed: Parsed, provider: Provider): boolean {
  if (flag(parsed, 'device')) return true
  return !hasScreen(context) && portOf(parsed) === undefined && hasDeviceFlow(provider)
}

function hasScreen({ environment: { variables } }: Context): boolean {
  return [variables['DISPLAY'], variables['WAYLAND_DISPLAY']].some((name) => name !== undefined && name !== '')
}

function portOf(parsed: Parsed): number | undefined {
  const asked = text(parsed, 'port')
  if (asked === undefined) return undefined
  const port = Number(asked)
  if (/^\d{1,5}$/.test(asked) && port > 0 && port < 65_536) return port
  throw new Fault('ERR_USAGE', `--port takes a port from 1 to 65535, not ${JSON.stringify(asked)}.`)
}

/** Not wrapped like other talk: an address must stay in one piece. */
function showAddress(context: Context, url: string): void {
  context.stderr.write(`chaperone: sign in here:\n\n  ${plain(url)}\n\n`)
  if (!hasScreen(context)) return
  const browser = spawn('xdg-open', [url], {
    env: { ...context.environment.variables },
    stdio: 'ignore',
    detached: true,
  })
  browser.once('error', () => say(context, 'no browser could be opened: open that address yourself.'))
  browser.unref()
}

function showCode(context: Context, { url, code }: { readonly url: string; readonly code: string }): void {
  context.stderr.write(`chaperone: on any device open\n\n  ${plain(url)}\n\nand enter the code\n\n  ${plain(code)}\n\n`)
}

function welcome(context: Context, { subject }: Person): void {
  const groups = subject.groups.length === 0 ? 'in no group' : subject.groups.join(', ')
  say(context, `signed in as ${plain(subject.name)} (${plain(groups)}).`)
}

/** Aborts when the time is over, or the person gives up with Ctrl-C. */
function patienceOf(timeoutMs: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const end = (message: string) => () => controller.abort(new Fault('ERR_UNAUTHENTICATED', message))
  const late = setTimeout(end('Nobody signed in in time.'), timeoutMs)
  const cancel = end('The sign-in was given up.')
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, cancel)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(late)
      for (const signal of signals) process.off(signal, cancel)
    },
  }
}
