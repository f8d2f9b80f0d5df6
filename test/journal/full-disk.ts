import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openJournal } from '../../src/journal/journal.ts'
import { toFault } from '../../src/model/fault.ts'
import { auditEvent } from './support.ts'

/**
 * Fills a small disk and says, line by line, what the journal on it still takes: `NAME ok`, `NAME CODE`. Argument: a folder
 * on that disk.
 */
const [disk = ''] = process.argv.slice(2)
const journal = await openJournal({
  folder: join(disk, 'journal'),
  reserve: join(disk, 'journal.reserve'),
  clock: { now: () => new Date() },
})
const told = async (name: string, durability: 'durable' | 'soon' | 'reserved') => {
  const event = auditEvent(name, { requestURI: `/${'x'.repeat(2000)}` })
  const how = await journal.append(event, durability).then(
    () => 'ok',
    (thrown: unknown) => toFault(thrown).code,
  )
  process.stdout.write(`${name} ${how}\n`)
}
await told('before', 'durable')
const ballast = join(disk, 'ballast')
await writeFile(ballast, Buffer.alloc(64 * 1024 * 1024)).catch(() => {})
for (let n = 0; n < 4; n++) await told(`ordinary-${n}`, 'durable')
for (let n = 0; n < 50; n++) await told(`deny-${n}`, 'reserved')
await told('still-full', 'durable')
await Promise.all([told('beside-deny', 'durable'), told('deny-beside', 'reserved')])
await writeFile(ballast, '')
await told('room-again', 'durable')
await writeFile(ballast, Buffer.alloc(64 * 1024 * 1024)).catch(() => {})
await told('deny-again', 'reserved')
await writeFile(ballast, '')
await journal.close()
