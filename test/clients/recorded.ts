/** One request that a real client sent, and what kind of answer it got. */
export interface RecordedRequest {
  /** `kubectl 1.35: apply creates`. */
  readonly from: string
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  /** The body in base64; absent when there was none. */
  readonly body?: string
  readonly answer: RecordedAnswer
}

/** As much of an answer as is the same each time. */
export interface RecordedAnswer {
  readonly code: number
  readonly contentType: string
  readonly kind?: string
  readonly apiVersion?: string
  /** Names of a Table's columns. */
  readonly columns?: readonly string[]
  /** The reason of a Status. */
  readonly reason?: string
}

/** Headers of a request that decide what is answered. */
export const tellingHeaders = ['accept', 'content-type', 'impersonate-user', 'impersonate-group', 'user-agent'] as const

/** What of an answer is the same each time. */
export function essence(code: number, contentType: string, body: string): RecordedAnswer {
  const type = contentType.split(';')[0]?.trim() ?? ''
  if (type !== 'application/json') return { code, contentType: type }
  const { kind, apiVersion, reason, columnDefinitions } = JSON.parse(body) as Record<string, unknown>
  const columns = Array.isArray(columnDefinitions)
    ? columnDefinitions.map(({ name }: { name: string }) => name)
    : undefined
  return {
    code,
    contentType: type,
    ...(typeof kind === 'string' ? { kind } : {}),
    ...(typeof apiVersion === 'string' ? { apiVersion } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(columns === undefined ? {} : { columns }),
  }
}
