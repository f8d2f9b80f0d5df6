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
  const now = ofKeys.map((session) => {
    const listed = subjects.find(({ name }) => name === session.subject.name)
    const subject = listed === undefined ? undefined : subjectOf(listed)
    return { session, subject: subject?.uid === session.subject.uid ? subject : undefined }
  })
  return {
    gone: now.flatMap(({ session, subject }) => (subject === undefined ? [session] : [])),
    changed: now.flatMap(({ session, subject }) =>
      subject === undefined || subject.groups.join('\n') === session.subject.groups.join('\n')
        ? []
        : [{ session, subject }],
    ),
  }
}
