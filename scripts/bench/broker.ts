import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { through, unmaskedPolicy } from '../../test/clients/through.ts'

/**
 * A broker for a benchmark: `node scripts/bench/broker.ts KUBECONFIG builtin|unmasked`. Prints one line of JSON when it
 * answers, and ends when standard input does.
 */
const [path = '', policy = 'builtin'] = process.argv.slice(2)
const broker = await through(await readFile(path, 'utf8'), policy === 'builtin' ? '' : unmaskedPolicy)
const { endpoint, token, kubeconfig } = broker
process.stdout.write(`${JSON.stringify({ endpoint, token, kubeconfig })}\n`)
await once(process.stdin.resume(), 'end')
await broker[Symbol.asyncDispose]()
