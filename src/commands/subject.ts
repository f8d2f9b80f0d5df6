import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileProblem } from '../config/file-problem.ts'
import { loadConfig } from '../config/load.ts'
import { editSubjects } from '../config/subjects-edit.ts'
import { newSubjectKey } from '../identity/subject-token.ts'
import { withLock } from '../identity/lock-file.ts'
import { Fault } from '../model/fault.ts'
import { exitCode, flag, list, printJson, say, text, type Command, type Context, type Parsed } from './command.ts'
import { refuseInsideSession } from './inside.ts'
import { listOf } from './person.ts'
import { configFlags } from './shared-options.ts'

export const command: Command = {
  name: 'subject',
  summary: 'Keep the subjects file of a team without an identity provider.',
  usage: 'chaperone subject key FILE | add NAME | list | rekey NAME | remove NAME',
  help: `Each subject is known by a key (Ed25519), as with ssh: the file lists its public half. \`key\` makes a key on
one's own machine, keeps the private half in FILE (0600) and prints the public one, to be given to whoever
keeps the file. \`add\` lists it; with --key FILE it makes the key itself, for a machine. \`rekey\` takes
another key for the same name. A running broker takes a changed file over within seconds: whoever is
removed or gets another key is out at once, and changed groups count for what already runs.

The configuration names the file: identity: {subjects: subjects.yaml}

Options
  --public-key KEY     the public half, as \`subject key\` printed it (add, rekey)
  --key FILE           make a key, and keep it in FILE (add, rekey)
  --group GROUP        group of the subject, may be repeated (add)
  --file FILE          subjects file; default: as configured
  --config FILE        configuration that names it
  --json               machine-readable list

Examples
  chaperone subject key ~/.ssh/chaperone.key > ana.pub
  chaperone subject add ana --group developers --public-key "$(cat ana.pub)"
  chaperone login --name ana --key ~/.ssh/chaperone.key`,
  options: {
    'public-key': { type: 'string' },
    key: { type: 'string' },
    group: { type: 'string', multiple: true },
    file: { type: 'string' },
    config: { type: 'string' },
    json: { type: 'boolean' },
  },
  run: async (context, parsed) => {
    refuseInsideSession(context, 'Managing subjects')
    const [order = '', name] = parsed.positionals
    if (order === 'list') return listAll(context, parsed)
    if (name === undefined || !['key', 'add', 'rekey', 'remove'].includes(order)) {
      throw new Fault('ERR_USAGE', 'Say what to do: key FILE, add NAME, list, rekey NAME, or remove NAME.')
    }
    if (order === 'key') {
      context.stdout.write(`${await makeKey(resolve(name))}\n`)
      say(context, `the private half is in ${name}; it has no passphrase, so guard it like a password.`)
      return exitCode.ok
    }
    const file = await fileOf(context, parsed)
    if (order === 'remove') await remove(file, name)
    else await put(file, name, order, parsed)
    say(context, done[order as keyof typeof done](name, file))
    return exitCode.ok
  },
}

const done = {
  add: (name: string, file: string) => `${name} is in ${file} from now on.`,
  rekey: (name: string) => `${name} is known by another key from now on.`,
  remove: (name: string, file: string) => `${name} is no longer in ${file}.`,
} as const

async function listAll(context: Context, parsed: Parsed): Promise<number> {
  const { subjects } = await listOf(await fileOf(context, parsed))
  if (flag(parsed, 'json')) printJson(context, subjects)
  else for (const { name, groups } of subjects) context.stdout.write(`${name}\t${groups.join(',')}\n`)
  if (subjects.length === 0) say(context, 'nobody is listed.')
  return exitCode.ok
}

async function put(file: string, name: string, order: string, parsed: Parsed): Promise<void> {
  const [given, made] = [text(parsed, 'public-key'), text(parsed, 'key')]
  if ((given === undefined) === (made === undefined)) {
    throw new Fault('ERR_USAGE', 'Give --public-key KEY, or --key FILE to have one made.')
  }
  // All but the key is checked before one is made.
  const check = given ?? newSubjectKey().publicKey
  const change = (publicKey: string, keep: boolean) =>
    edit(
      file,
      ({ subjects }, entries) => {
        const isListed = subjects.some((one) => one.name === name)
        if (order === 'rekey' && !isListed) throw unknown(name, file)
        if (order === 'add' && isListed) {
          throw new Fault('ERR_CONFLICT', `${name} is in ${file} already.`, {
            advice: 'Give it another key with rekey, or edit its groups in the file.',
          })
        }
        if (order === 'add') entries.add({ name, groups: list(parsed, 'group'), publicKey: publicKey.trim() })
        else entries.setKey(name, publicKey.trim())
      },
      keep,
    )
  if (made !== undefined) await change(check, false)
  await change(made === undefined ? check : await makeKey(resolve(made)), true)
}

/** Of two commands at once the later one builds on what the earlier one wrote. */
function edit(file: string, change: Parameters<typeof editSubjects>[1], keep = true): Promise<void> {
  return withLock(`${file}.lock`, () => editSubjects(file, change, keep))
}

async function remove(file: string, name: string): Promise<void> {
  await edit(file, ({ subjects }, entries) => {
    if (!subjects.some((one) => one.name === name)) throw unknown(name, file)
    entries.remove(name)
  })
}

/** Keeps the private half in a new file, and gives the public one. Rejects with ERR_USAGE when there is a file. */
async function makeKey(path: string): Promise<string> {
  const { privatePem, publicKey } = newSubjectKey()
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(privatePem)
    await file.sync()
    return publicKey
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    const problem = isThere ? 'there is a file already' : fileProblem(cause)
    throw new Fault('ERR_USAGE', `Cannot keep a key in ${path}: ${problem}.`, { cause })
  }
}

async function fileOf(context: Context, parsed: Parsed): Promise<string> {
  const given = text(parsed, 'file')
  if (given !== undefined) return resolve(given)
  const { identity, file } = await loadConfig(configFlags(parsed), context.environment)
  if (identity?.subjects !== undefined) return identity.subjects
  throw new Fault('ERR_CONFIG', 'The configuration names no subjects file.', {
    advice: `Name one with --file FILE, or write identity: {subjects: subjects.yaml} into ${file === '' ? context.environment.configFile : file}.`,
  })
}

function unknown(name: string, file: string): Fault {
  return new Fault('ERR_NOT_FOUND', `There is no ${name} in ${file}.`)
}
