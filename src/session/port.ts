import type { Mode, Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'

/** The running and ended sessions of one broker. */
export interface Sessions {
  /** Starts a session; the token is returned once. */
  begin(ask: {
    readonly kind: Session['kind']
    readonly subject: Subject
    readonly mode: Mode
    readonly command: readonly string[]
    readonly waitMs?: number
    readonly reason?: string
    /** Milliseconds since the epoch; absent = it does not end by itself. */
    readonly expiresAt?: number
  }): { readonly session: Session; readonly token: string }
  /** Throws ERR_NOT_FOUND. */
  get(id: string): Session
  list(): readonly Session[]
  /** The session while it runs and its time is not over. */
  living(id: string): Session | undefined
  /** More time for a session, and what is known of its subject now. Throws ERR_NOT_FOUND. */
  prolong(id: string, subject: Subject, expiresAt: number): Session
  nameRecording(id: string, recording: string): Session
  /** Ends a session: its token stops working at once. Ending twice is harmless. */
  end(id: string): Session
}
