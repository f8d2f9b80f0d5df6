import { toFault } from '../../src/model/fault.ts'
import { openRecording } from '../../src/recording/writer.ts'
import { optionsFor } from './support.ts'

/** Records until writing fails, then says what it was told and what `end` says. Argument: folder. */
const [folder = ''] = process.argv.slice(2)
const recording = await openRecording(optionsFor(folder))
let told = 0
recording.onFailure(() => told++)
while (recording.failed === undefined) recording.output(Buffer.from('x'.repeat(1000)))
recording.output(Buffer.from('after'))
recording.marker('after')
try {
  await recording.end(0)
} catch (thrown) {
  const { code } = toFault(thrown)
  process.stdout.write(`${JSON.stringify({ told, code, failed: toFault(recording.failed).code })}\n`)
}
