import type { Subject } from '../model/subject.ts'

/** Group of whoever started the broker in local mode. */
const operatorsGroup = 'chaperone:operators'
/** Group of those whom the built-in policy asks for reviews. */
export const reviewersGroup = 'chaperone:reviewers'

/** The operating-system user who runs the broker, in local mode the only operator. */
export function localSubject(user: { readonly name: string; readonly uid: number }): Subject {
  return {
    name: user.name,
    uid: `local:${user.uid}`,
    groups: [operatorsGroup],
    extra: {},
    authenticatedBy: 'local',
  }
}

/** The practice cluster's second person. */
export const practiceReviewer: Subject = {
  name: 'rita@practice',
  uid: 'practice:rita',
  groups: [reviewersGroup],
  extra: {},
  authenticatedBy: 'reviewer-token',
}
