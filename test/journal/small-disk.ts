import { openJournal } from '../../src/journal/journal.ts'
import { toFault } from '../../src/model/fault.ts'
import { auditEvent } from './support.ts'

/**
 * Appends durably, forever, and says what came of each: `ok ID`, `failed CODE ID`; `told` for each onFailure. Ends in order
 * when stdin does. Argument: folder.
 */
const [folder = ''] = process.argv.slice(2)
let ending = false
process.stdin.resume().on('end', () => (ending = true))
const journal = await openJournal({
  folder,
  clock: { now: () => new Date() },
  onFailure: () => process.stdout.write('told\n'),
})
await journal.append(auditEvent('soon-before'), 'soon')
for (let n = 0; !ending; n++) {
  try {
    await journal.append(auditEvent(`soon-${n}`), 'soon')
    await journal.append(auditEvent(`id-${n}`, { requestURI: `/${'x'.repeat(500)}` }), 'durable')
    process.stdout.write(`ok id-${n}\n`)
  } catch (thrown) {
    process.stdout.write(`failed ${toFault(thrown).code} id-${n}\n`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
await journal.close()
