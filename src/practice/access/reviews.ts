import { read, type Fields } from '../state/objects.ts'
import type { User } from './access.ts'

/** Answers a SelfSubject…Review: the practice cluster allows its users everything. */
export function review(kind: string, body: Fields, user: User): Fields {
  return { ...body, kind, metadata: { creationTimestamp: null }, status: statusOf(kind, body, user) }
}

function statusOf(kind: string, body: Fields, user: User): Fields {
  switch (kind) {
    case 'SelfSubjectRulesReview':
      return {
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        incomplete: false,
      }
    case 'SelfSubjectReview':
      return { userInfo: { username: user.name, groups: user.groups } }
    default:
      return { allowed: read(body, 'spec') !== undefined, reason: 'the practice cluster allows its users everything' }
  }
}
