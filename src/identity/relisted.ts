import type { Session } from '../model/session.ts'
import type { Subject } from '../model/subject.ts'
import type { SubjectList } from './port.ts'
import { subjectOf } from './subject-token.ts'

/** What a changed list means for running sessions of the subjects that are known by their keys; those of others are in neither. */
export function relisted(
  sessions: readonly Session[],
  { subjects }: SubjectList,
): { readonly gone: readonly Session[]; readonly changed: readonly { session: Session; subject: Subject }[] } {
  const ofKeys = sessions.filter(({ subject }) => subject.authenticatedBy === 'key')
  const now = ofKeys.map((session) => ({ session, subject: inList(session.subject, subjects) }))
  return {
    gone: now.flatMap(({ session, subject }) => (subject === undefined ? [session] : [])),
    changed: now.flatMap(({ session, subject }) =>
      subject === undefined || isSame(subject, session.subject) ? [] : [{ session, subject }],
    ),
  }
}

/** True of a subject that the list has not any more, or otherwise. */
export function isOutdated(subject: Subject, { subjects }: SubjectList): boolean {
  if (subject.authenticatedBy !== 'key') return false
  const now = inList(subject, subjects)
  return now === undefined || !isSame(now, subject)
}

function inList({ name, uid }: Subject, subjects: SubjectList['subjects']): Subject | undefined {
  const listed = subjects.find((one) => one.name === name)
  const subject = listed === undefined ? undefined : subjectOf(listed)
  return subject?.uid === uid ? subject : undefined
}

function isSame(a: Subject, b: Subject): boolean {
  return a.groups.join('\n') === b.groups.join('\n')
}
