/** Bytes that are no SPDY/3.1, or more of it than is taken. The connection cannot go on. */
export class SpdyError extends Error {
  override readonly name = 'SpdyError'
}
