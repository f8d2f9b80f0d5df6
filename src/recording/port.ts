import type { RecordingInfo } from '../model/recording.ts'

/**
 * Writes one asciicast file. Calls are synchronous and ordered; bytes reach the file in batches, at the latest 100 ms
 * after the call. A failed write sets `failed`: the session must then end (no recorder, no access).
 */
export interface RecordingWriter {
  readonly path: string
  readonly failed: Error | undefined
  /** Called once when writing fails. */
  onFailure(listener: (failure: Error) => void): void
  /** Raw terminal output; sequences split anywhere, also inside a UTF-8 character. */
  output(bytes: Uint8Array): void
  resize(cols: number, rows: number): void
  marker(label: string): void
  /** Writes the exit event, flushes, fsyncs and closes. 128+signal when killed by a signal. */
  end(exitStatus: number): Promise<RecordingInfo>
}

export interface RecordingOptions {
  /** Folder of the recordings; made with mode 0700. */
  readonly folder: string
  readonly sessionID: string
  readonly version: 2 | 3
  readonly cols: number
  readonly rows: number
  readonly command: string
  readonly title: string
  readonly termType: string
  readonly shell: string
}
