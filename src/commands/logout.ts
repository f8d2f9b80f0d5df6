import { keySignIn } from '../identity/key-sign-in.ts'
import { readSignIn, removeSignIn } from '../identity/sign-in-file.ts'
import { signOut } from '../identity/signed-in.ts'
import { Fault, toFault } from '../model/fault.ts'
import { exitCode, say, text, type Command, type Context, type Parsed } from './command.ts'
import { readOptional } from './files.ts'
import { connectAs, foldersOf } from './link.ts'
import { idTokenOf, personHelp, personOptions, requirePerson, type PersonConfig } from './person.ts'

export const command: Command = {
  name: 'logout',
  summary: 'Sign out: the provider takes the sign-in back, and its file is removed.',
  usage: 'chaperone logout [OPTIONS]',
  help: `Ends your sessions at the broker of the state folder, removes the file of the sign-in, and has the
provider revoke it (RFC 7009). The key of a sign-in with --key stays where it is. Fails when what such a key opened
could not be ended at once.

Options
${personHelp}

Examples
  chaperone logout
  chaperone logout --sign-in ~/review.sign-in`,
  options: personOptions,
  run: async (context, parsed) => {
    const person = await requirePerson(context, parsed)
    const { path, by } = person
    if (by.kind === 'subjects') return signOutKey(context, parsed, person)
    const { people } = by
    const stored = await readSignIn(path)
    if (stored !== undefined) await endSessions(context, parsed, stored.signIn.idToken)
    let wasSignedIn: boolean
    try {
      wasSignedIn = await signOut(path, people)
    } catch (thrown) {
      const { code, message, sentence } = toFault(thrown)
      if (code === 'ERR_STATE') throw thrown
      throw new Fault(code, `You are signed out here, but the provider could not be told: ${message}`, {
        advice: sentence === message ? '' : 'End the session there if others may have a copy of the file.',
      })
    }
    say(context, wasSignedIn ? 'signed out.' : 'nobody was signed in.')
    return exitCode.ok
  },
}

/** The key stays where it is, and good: whoever should not be known by it any more has to be taken from the list. */
async function signOutKey(context: Context, parsed: Parsed, person: PersonConfig): Promise<number> {
  const isSignedIn = (await keySignIn(person.path)) !== undefined
  if (isSignedIn) {
    const token = await idTokenOf(person).catch((thrown: unknown) => toFault(thrown))
    const isEnded = typeof token === 'string' ? await endSessions(context, parsed, token) : livesOn(context, token)
    await removeSignIn(person.path)
    say(context, 'signed out.')
    return isEnded ? exitCode.ok : exitCode.failed
  }
  say(context, 'nobody was signed in.')
  return exitCode.ok
}

/** A credential that was had with the sign-in would live on for some minutes. False when it does. */
async function endSessions(context: Context, parsed: Parsed, idToken: string): Promise<boolean> {
  const folders = foldersOf(text(parsed, 'state'), context)
  if ((await readOptional(folders.brokerFile)) === undefined) return true
  try {
    await using link = await connectAs(folders, idToken)
    await link.client.revoke({ subject: link.info.you.name })
    return true
  } catch (thrown) {
    return livesOn(context, toFault(thrown))
  }
}

function livesOn(context: Context, { message }: Fault): false {
  say(context, `what you have open at the broker ends within the hour, not at once: ${message}`)
  return false
}
