import type { Subject } from '../model/subject.ts'

/** Who is at the other end of a control connection. */
export interface Caller {
  readonly subject: Subject
  /** A person, who signed in, may do what an operator and a reviewer may. */
  readonly role: 'operator' | 'reviewer' | 'person'
  /** Of a person: milliseconds since the epoch, by when the sign-in has to be refreshed. */
  readonly until?: number
}
