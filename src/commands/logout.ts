import { signOut } from '../identity/signed-in.ts'
import { Fault, toFault } from '../model/fault.ts'
import { exitCode, say, type Command } from './command.ts'
import { personHelp, personOptions, requirePerson } from './person.ts'

export const command: Command = {
  name: 'logout',
  summary: 'Sign out: the provider takes the sign-in back, and its file is removed.',
  usage: 'chaperone logout [OPTIONS]',
  help: `Removes the file of the sign-in, and has the provider revoke it (RFC 7009).

Options
${personHelp}

Examples
  chaperone logout
  chaperone logout --sign-in ~/review.sign-in`,
  options: personOptions,
  run: async (context, parsed) => {
    const { path, people } = await requirePerson(context, parsed)
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
