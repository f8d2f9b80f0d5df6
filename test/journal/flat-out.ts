import { createPrivateKey, createPublicKey } from 'node:crypto'
import { openJournal } from '../../src/journal/journal.ts'
import { auditEvent } from './support.ts'

/** Writes requests until it is killed, and says after each which one is durable. Arguments: folder, key ID, PKCS #8 PEM. */
const [folder = '', keyID = '', pem = ''] = process.argv.slice(2)
const privateKey = createPrivateKey(pem)
const journal = await openJournal({
  folder,
  signingKey: { keyID, privateKey, publicKey: createPublicKey(privateKey) },
  clock: { now: () => new Date() },
  limits: { segmentBytes: 64 * 1024, checkpointLines: 50 },
})

async function caller(name: number): Promise<void> {
  for (let n = 0; ; n++) {
    await journal.append(auditEvent(`${name}-${n}`, { stage: 'RequestReceived' }), 'durable')
    process.stdout.write(`${name}-${n}\n`)
    await journal.append(auditEvent(`${name}-${n}`), 'soon')
  }
}
await Promise.all(Array.from({ length: 8 }, (_, name) => caller(name)))
