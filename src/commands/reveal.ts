import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text as readText } from 'node:stream/consumers'
import { z } from 'zod'
import { parseDuration } from '../config/duration.ts'
import { Fault } from '../model/fault.ts'
import type { HeldRequest } from '../model/held.ts'
import { exitCode, flag, text, type Command, type Context, type Parsed } from './command.ts'
import { tellEvents } from './notices.ts'
import { refusalCode } from './refusal-code.ts'
import { brokerHelp, brokerOptions } from './shared-options.ts'
import { supervise, type Supervised } from './supervised.ts'

export const command: Command = {
  name: 'reveal',
  summary: 'Ask to see one masked value; a second person approves it.',
  usage: 'chaperone reveal secret/NAME KEY [OPTIONS]',
  help: `Asks for one value of a secret or config map as it is stored. The request waits for a
review like any held one; who asked, who approved and for which key is in the journal,
the value is not. It is given once: to see it again, ask again. With --wait=0 the request is
left for review, and the same command later goes on with it; what else runs as you, as an
agent in a session of yours, does not get what was approved for you.

The value goes to stdout, decoded and without a newline added. A supervised shell is
recorded, so there the value is not shown on the terminal: send it into a file or pipe.

KEY is a key of the data, or a JSON pointer such as /data/tls.crt. Values of other
objects: kubectl get --raw '/apis/GROUP/VERSION/…/NAME/reveal?pointer=/spec/…'

Options
${brokerHelp}
  -n, --namespace NAME where the object is; default: default
  --encoded            as the API has it: values of secrets in base64
  --wait DURATION      how long to wait for the review, like 90s or 15m

Examples
  chaperone reveal secret/db password -n shop > password.txt
  chaperone reveal secret/db password -n shop | psql-login`,
  options: {
    ...brokerOptions,
    namespace: { type: 'string', short: 'n' },
    encoded: { type: 'boolean' },
    wait: { type: 'string' },
  },
  faultCode: exitCode.chaperone,
  run: async (context, parsed) => {
    const target = targetOf(parsed)
    refuseRecordedTerminal(context)
    const wait = text(parsed, 'wait')
    await using supervised = await supervise(context, parsed, {
      kind: 'run',
      command: ['chaperone', 'reveal', ...parsed.positionals],
      cols: context.stdout.columns ?? 80,
      rows: context.stdout.rows ?? 24,
      ...(wait === undefined ? {} : { waitMs: parseDuration(wait, '--wait') }),
    })
    await goOn(supervised, target.path)
    tellEvents(context, parsed, supervised, { onlyWaiting: false, gaveUp: wait === '0' })
    const kubectl = spawn('kubectl', ['get', '--raw', target.path], {
      env: { ...supervised.variables },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [answer, [code]] = await Promise.all([readText(kubectl.stdout), once(kubectl, 'close') as Promise<[number]>])
    const session = await supervised.finish(code)
    if (code !== 0) return refusalCode(session.lastReason) ?? exitCode.failed
    context.stdout.write(valueOf(answer, target.isSecret && !flag(parsed, 'encoded')))
    return exitCode.ok
  },
}

/** A value that was asked for before, without waiting: this session is the asker's too, since it comes by their own connection. */
async function goOn({ link: { client }, session: { id, subject } }: Supervised, path: string): Promise<void> {
  const same = (held: HeldRequest) =>
    held.subject.name === subject.name &&
    held.subject.uid === subject.uid &&
    held.method === 'GET' &&
    decodeURIComponent(held.target) === decodeURIComponent(path)
  const left = (await client.listHeld()).filter((held) => isOpen(held) && !held.waiting && same(held))
  const found = left.find(({ state }) => state === 'approved') ?? left[0]
  if (found !== undefined) await client.moveHeld(found.id, id)
}

function isOpen({ state }: HeldRequest): boolean {
  return state === 'pending' || state === 'approved'
}

const resources: Readonly<Record<string, string>> = {
  secret: 'secrets',
  secrets: 'secrets',
  configmap: 'configmaps',
  configmaps: 'configmaps',
  cm: 'configmaps',
}

function targetOf(parsed: Parsed): { readonly path: string; readonly isSecret: boolean } {
  const [object = '', key = ''] = parsed.positionals
  const [type = '', name = '', ...more] = object.split('/')
  const resource = Object.hasOwn(resources, type) ? resources[type] : undefined
  if (resource === undefined || name === '' || more.length > 0 || key === '') {
    throw new Fault('ERR_USAGE', 'Name one value, like: chaperone reveal secret/db password -n shop', {
      advice: 'See `chaperone reveal --help`.',
    })
  }
  const pointer = key.startsWith('/') ? key : `/data/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const parts = ['api', 'v1', 'namespaces', text(parsed, 'namespace') ?? 'default', resource, name, 'reveal']
  return {
    path: `/${parts.map(encodeURIComponent).join('/')}?pointer=${encodeURIComponent(pointer)}`,
    isSecret: resource === 'secrets' && pointer.startsWith('/data/'),
  }
}

function refuseRecordedTerminal(context: Context): void {
  const { insideSession } = context.environment
  if (insideSession === '' || !context.stdout.isTTY) return
  throw new Fault('ERR_USAGE', `This terminal is recorded by session ${insideSession}, and the value would be in it.`, {
    advice: 'Send it into a file or pipe: chaperone reveal … > FILE',
  })
}

const answerSchema = z.looseObject({ kind: z.literal('RevealedValue'), value: z.json() })

function valueOf(answer: string, isEncoded: boolean): string | Buffer {
  const { value } = answerSchema.parse(JSON.parse(answer))
  if (typeof value !== 'string') return JSON.stringify(value)
  return isEncoded ? Buffer.from(value, 'base64') : value
}
