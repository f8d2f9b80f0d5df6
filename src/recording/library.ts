import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, toFault } from '../model/fault.ts'
import type { RecordingInfo } from '../model/recording.ts'
import { parseHeader, type CastHeader } from './header.ts'
import { castLines } from './lines.ts'
import { EventClock, carriesEvent, parseEvent } from './read.ts'

const namePattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(.+)\.cast$/
/** Files scanned at once: enough to keep a disk busy, few enough for the default limit of open files. */
const scannedAtOnce = 8

/**
 * The recordings of a folder, newest first; none when the folder does not exist. One that cannot be read is listed with
 * the reason as its title, so that it is not lost from sight. Throws ERR_RECORDING.
 */
export async function listRecordings(folder: string): Promise<RecordingInfo[]> {
  const files = await newestFirst(folder)
  const found: RecordingInfo[] = []
  for (let at = 0; at < files.length; at += scannedAtOnce) {
    const batch = files.slice(at, at + scannedAtOnce)
    found.push(...(await Promise.all(batch.map((file) => describeOrExplain(folder, file)))))
  }
  return found
}

/** The recording named by `latest`, a session ID (its newest one) or a file name. Throws ERR_NOT_FOUND, ERR_RECORDING. */
export async function findRecording(folder: string, asked: string): Promise<RecordingInfo> {
  const files = await newestFirst(folder)
  const isAsked = (file: string) => file === asked || file === `${asked}.cast` || sessionOf(file) === asked
  const file = asked === 'latest' ? files[0] : files.find(isAsked)
  if (file !== undefined) return describe(folder, file)
  const what = asked === 'latest' ? 'Nothing is recorded yet.' : `There is no recording ${JSON.stringify(asked)}.`
  throw new Fault('ERR_NOT_FOUND', what, { advice: 'See `chaperone recordings list`.' })
}

async function newestFirst(folder: string): Promise<string[]> {
  const files = (await readFolder(folder)).filter((file) => namePattern.test(file))
  const dated = await Promise.all(
    files.map(async (file) => ({
      file,
      second: file.slice(0, 16),
      made: (await stat(join(folder, file))).birthtimeMs,
    })),
  )
  dated.sort((a, b) => b.second.localeCompare(a.second) || b.made - a.made)
  return dated.map(({ file }) => file)
}

async function readFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new Fault('ERR_RECORDING', `The recordings folder ${folder} cannot be read (${code ?? 'unknown error'}).`, {
      advice: 'Check its owner and mode.',
      cause,
    })
  }
}

async function describeOrExplain(folder: string, file: string): Promise<RecordingInfo> {
  try {
    return await describe(folder, file)
  } catch (thrown) {
    const { bytes, startedAt, sessionID } = await known(folder, file)
    const title = `(unreadable) ${toFault(thrown).message}`
    const nothing = { version: 3, cols: 0, rows: 0, command: '', durationSeconds: 0, markers: [] } as const
    return { ...nothing, file, sessionID, title, startedAt, bytes }
  }
}

/** Reads the header and runs through the events; a recording that ends early is described as far as it goes. */
async function describe(folder: string, file: string): Promise<RecordingInfo> {
  const lines = castLines(createReadStream(join(folder, file)))
  const first = await lines.next()
  if (first.done === true) throw new Fault('ERR_RECORDING', `The recording ${file} is empty.`)
  const header = parseHeader(first.value.text)
  const { bytes, startedAt, sessionID } = await known(folder, file)
  return {
    file,
    sessionID,
    version: header.version,
    cols: header.cols,
    rows: header.rows,
    command: header.command,
    title: header.title,
    startedAt: header.timestamp === undefined ? startedAt : secondsToText(header.timestamp),
    bytes,
    ...(await scan(lines, header)),
  }
}

async function scan(
  lines: ReturnType<typeof castLines>,
  header: CastHeader,
): Promise<Pick<RecordingInfo, 'durationSeconds' | 'markers' | 'exitStatus'>> {
  const clock = new EventClock(header.version)
  const markers: { seconds: number; label: string }[] = []
  let seconds = 0
  let exitStatus: number | undefined
  for await (const { text } of lines) {
    const event = carriesEvent(text, header.version) ? parseEvent(text) : undefined
    if (event === undefined) continue
    seconds = roundMs(clock.advance(event.time))
    if (event.code === 'm') markers.push({ seconds, label: event.data })
    if (event.code === 'x' && /^\d{1,3}$/.test(event.data)) exitStatus = Number(event.data)
  }
  return { durationSeconds: seconds, markers, ...(exitStatus === undefined ? {} : { exitStatus }) }
}

/** What the file system tells, also of a recording that does not parse. */
async function known(folder: string, file: string): Promise<{ bytes: number; startedAt: string; sessionID: string }> {
  const { size } = await stat(join(folder, file))
  return { bytes: size, startedAt: file.replace(namePattern, '$1-$2-$3T$4:$5:$6Z'), sessionID: sessionOf(file) }
}

function sessionOf(file: string): string {
  return namePattern.exec(file)?.[7] ?? ''
}

function secondsToText(unixSeconds: number): string {
  return `${new Date(unixSeconds * 1000).toISOString().slice(0, 19)}Z`
}

function roundMs(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
