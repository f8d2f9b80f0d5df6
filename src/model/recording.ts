/** What is known of one recording without playing it. Times are RFC 3339; durations are seconds. */
export interface RecordingInfo {
  /** File name without folder, `<start>-<session id>.cast`. */
  readonly file: string
  readonly sessionID: string
  readonly version: 2 | 3
  readonly cols: number
  readonly rows: number
  readonly command: string
  readonly title: string
  readonly startedAt: string
  readonly durationSeconds: number
  readonly bytes: number
  readonly markers: readonly { readonly seconds: number; readonly label: string }[]
  /** The shell's exit status; undefined when the recording ends without one (still running, or cut short). */
  readonly exitStatus?: number
}
