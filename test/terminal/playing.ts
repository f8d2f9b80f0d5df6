/** Plays or prints a recording: `node playing.ts play|print FILE`. */
import { createReadStream } from 'node:fs'
import { parseCast } from '../../src/recording/read.ts'
import { playRecording, printRecording } from '../../src/terminal/replay.ts'

const [how, file = ''] = process.argv.slice(2)
const { stdin, stdout } = process
const { header, events } = await parseCast(createReadStream(file))
if (how === 'print') await printRecording({ events, stdout })
else await playRecording({ cols: header.cols, rows: header.rows, events, title: 'story', stdin, stdout })
