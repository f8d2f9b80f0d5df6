import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RecordingOptions } from '../../src/recording/port.ts'

/** A recordings folder that is not there yet, removed with all in it. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const parent = await mkdtemp(join(tmpdir(), 'recording-'))
  return {
    path: join(parent, 'recordings'),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  }
}

export function optionsFor(folder: string, change: Partial<RecordingOptions> = {}): RecordingOptions {
  return {
    folder,
    sessionID: 's-abcd2345',
    version: 3,
    cols: 80,
    rows: 24,
    command: 'kubectl get pods',
    title: 'ada on practice',
    termType: 'xterm-256color',
    shell: '/bin/bash',
    ...change,
  }
}

/** A clock that stands still until it is moved. */
export class HandClock {
  ms = 0
  now(): Date {
    return new Date(Date.UTC(2026, 10, 23, 6, 30, 15, 400) + this.ms)
  }
  monotonicMs(): number {
    return 5000 + this.ms
  }
}
