import { Agent, request } from 'undici'
import { Fault } from '../model/fault.ts'

/** Fetches a document over HTTPS; rejects when it is larger than `maxBytes`, late, redirected or anything but 200. */
export type FetchDocument = (
  url: string,
  options: { readonly certificateAuthority: string | undefined; readonly maxBytes: number },
) => Promise<string>

/** For one document: two are fetched while a caller waits, who may wait ten seconds. */
const TIMEOUT_MS = 4_000

/** Fetches over the network, each time with a connection of its own: keys are asked for every few minutes. */
export const fetchDocument: FetchDocument = async (url, { certificateAuthority, maxBytes }) => {
  const agent = new Agent({
    connect: { timeout: TIMEOUT_MS, ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }) },
    maxResponseSize: maxBytes,
  })
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (statusCode !== 200) throw new Fault('ERR_UNAUTHENTICATED', `${url} answers ${statusCode}.`)
    return await body.text()
  } finally {
    await agent.destroy()
  }
}
