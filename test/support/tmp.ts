import { mkdtemp, rm } from 'node:fs/promises'

/** An empty folder with a path short enough for Unix sockets (108 bytes on Linux); removed with everything in it on disposal. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp('/tmp/chp-')
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}
