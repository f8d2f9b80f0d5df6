import { resolve } from 'node:path'
import { Fault } from '../model/fault.ts'
import { startPractice } from '../practice/server.ts'
import { exitCode, flag, say, text, type Command } from './command.ts'
import { writePrivateFile } from './files.ts'
import type { PracticeReady } from './ready.ts'
import { ending } from './signals.ts'

export const command: Command = {
  name: 'practice',
  summary: 'Run the practice cluster alone, reachable without the broker.',
  usage: 'chaperone practice --kubeconfig-out FILE [--ready-file FILE]',
  help: `The practice cluster answers like a small Kubernetes cluster of a made-up company. It lives in memory and is
seeded afresh at each start. Nothing in it is real.

Options
  --kubeconfig-out FILE   write a kubeconfig for it (mode 0600)
  --ready-file FILE       write JSON with server, kubeconfig and pid once it answers
  --until-stdin-closes    end when standard input closes

Examples
  chaperone practice --kubeconfig-out /tmp/practice.yaml &
  kubectl --kubeconfig /tmp/practice.yaml get pods -A`,
  options: {
    'kubeconfig-out': { type: 'string' },
    'ready-file': { type: 'string' },
    'until-stdin-closes': { type: 'boolean' },
  },
  run: async (context, parsed) => {
    const out = text(parsed, 'kubeconfig-out')
    if (out === undefined) {
      throw new Fault('ERR_USAGE', 'The practice cluster needs --kubeconfig-out FILE.', {
        advice: 'That is how kubectl finds it.',
      })
    }
    // Whoever reads that it is ready may end it at once.
    const ended = ending(flag(parsed, 'until-stdin-closes') ? context.stdin : undefined)
    const cluster = await startPractice({ host: '127.0.0.1', port: 0 })
    try {
      await writePrivateFile(resolve(out), cluster.kubeconfig)
      const ready: PracticeReady = {
        kind: 'PracticeCluster',
        pid: process.pid,
        server: cluster.url,
        kubeconfig: resolve(out),
      }
      const readyFile = text(parsed, 'ready-file')
      if (readyFile !== undefined) await writePrivateFile(resolve(readyFile), `${JSON.stringify(ready)}\n`)
      context.stdout.write(`${JSON.stringify(ready)}\n`)
      say(context, `practice cluster at ${cluster.url}; kubeconfig ${resolve(out)}`)
      await ended
    } finally {
      await cluster.close()
    }
    return exitCode.ok
  },
}
