import { annotation, type AuditEvent } from '../model/audit.ts'

/** What became of a policy file that changed. */
export interface Reload {
  readonly auditID: string
  readonly at: Date
  /** SHA-256 (hex) of the policy before. */
  readonly before: string
  /** Of the one in force from now on; undefined when the policy before stays, for the reason in `message`. */
  readonly after: string | undefined
  readonly files: readonly string[]
  /** One sentence. */
  readonly message: string
}

/** A line of the journal that no request makes: it has no decision, so that whoever asks for decisions passes it over. */
export function reloadEvent({ auditID, at, before, after, files, message }: Reload): AuditEvent {
  const timestamp = at.toISOString().replace('Z', '000Z')
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: '/chaperone/policy',
    verb: 'update',
    user: { username: 'chaperone' },
    sourceIPs: [],
    userAgent: '',
    responseStatus: { code: after === undefined ? 422 : 200 },
    requestReceivedTimestamp: timestamp,
    stageTimestamp: timestamp,
    annotations: {
      [annotation.policy]: after ?? before,
      [annotation.message]: message,
      [annotation.outcome]: after === undefined ? 'refused' : 'completed',
      'chaperone/policy-before': before,
      'chaperone/policy-files': files.join(','),
    },
  }
}
