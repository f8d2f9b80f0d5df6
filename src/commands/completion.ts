import { Fault } from '../model/fault.ts'
import { exitCode, type Command } from './command.ts'
import { bashScript } from './completion-bash.ts'
import { fishScript } from './completion-fish.ts'
import { completionWords, type CommandWords } from './completion-words.ts'
import { zshScript } from './completion-zsh.ts'

const scripts: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** `chaperone completion`, made from what the other commands say of themselves. */
export function completionCommand(allCommands: () => Promise<readonly Command[]>): Command {
  return {
    name: 'completion',
    summary: 'Print the completions for bash, zsh or fish.',
    usage: 'chaperone completion bash|zsh|fish',
    help: `Completes commands, options and their values; contexts, held requests,
recordings and sessions are looked up when they are asked for. Load it in the
start-up file of your shell, or keep it in a file that the shell loads by itself,
which is faster; then print it again after an update.

Examples
  source <(chaperone completion bash)                      in ~/.bashrc
  chaperone completion zsh > "\${fpath[1]}/_chaperone"      once
  chaperone completion fish | source                       in config.fish`,
    options: {},
    run: async (context, parsed) => {
      const script = scripts[parsed.positionals[0] ?? '']
      if (script === undefined) throw new Fault('ERR_USAGE', 'Name a shell: chaperone completion bash, zsh or fish.')
      context.stdout.write(script(completionWords(await allCommands())))
      return exitCode.ok
    },
  }
}
