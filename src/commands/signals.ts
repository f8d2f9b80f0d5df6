/** Resolves with the reason when the process is asked to end: SIGINT, SIGTERM, SIGHUP, or `input` closing. */
export async function ending(input?: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal))
    if (input === undefined) return
    input.once('end', () => resolve('input closed'))
    input.once('close', () => resolve('input closed'))
    input.resume()
  })
}
