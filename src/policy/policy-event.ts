import { annotation, type AuditEvent } from '../model/audit.ts'

/** Which policy or list of subjects a broker begins with, or what became of its file that changed. */
export interface News {
  readonly what: 'policy' | 'subjects'
  readonly auditID: string
  readonly at: Date
  /** SHA-256 (hex) of what was in force before; undefined when the broker begins. */
  readonly before: string | undefined
  /** Of the one in force from now on; undefined when the one before stays, for the reason in `message`. */
  readonly after: string | undefined
  /** Empty = the built-in policy. */
  readonly files: readonly string[]
  /** One sentence. */
  readonly message: string
}

/** A line of the journal that no request makes: it has no decision, so that whoever asks for decisions passes it over. */
export function newsEvent({ what, auditID, at, before, after, files, message }: News): AuditEvent {
  const timestamp = at.toISOString().replace('Z', '000Z')
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: `/chaperone/${what}`,
    verb: before === undefined ? 'create' : 'update',
    user: { username: 'chaperone' },
    sourceIPs: [],
    userAgent: '',
    responseStatus: { code: after === undefined ? 422 : 200 },
    requestReceivedTimestamp: timestamp,
    stageTimestamp: timestamp,
    annotations: {
      [what === 'policy' ? annotation.policy : 'chaperone/subjects-digest']: after ?? before ?? '',
      [annotation.message]: message,
      [annotation.outcome]: after === undefined ? 'refused' : 'completed',
      ...(before === undefined ? {} : { [`chaperone/${what}-before`]: before }),
      [`chaperone/${what}-files`]: files.join(','),
    },
  }
}
