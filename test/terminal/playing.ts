/** Plays, follows or prints a recording: `node playing.ts play|follow|print FILE`. */
import { openLive } from '../../src/recording/live.ts'
import { playRecording, printRecording } from '../../src/terminal/replay.ts'

const [how, file = ''] = process.argv.slice(2)
const { stdin, stdout } = process
const { cast, more } = await openLive(file)
const { header, events } = cast
const ending = new AbortController()
if (how === 'print') await printRecording({ events, stdout, as: 'output' })
else
  await playRecording({
    cols: header.cols,
    rows: header.rows,
    events,
    title: 'story',
    more: how === 'follow' ? more(ending.signal) : undefined,
    stdin,
    stdout,
  })
ending.abort()
