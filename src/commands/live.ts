import type { BrokerEvent, ControlClient } from '../control/contract.ts'
import { Fault } from '../model/fault.ts'

/** What the broker knows at this moment: its sessions and held requests. Throws ERR_BROKER when it does not say. */
export async function lookNow(client: ControlClient): Promise<Extract<BrokerEvent, { type: 'hello' }>> {
  const stop = new AbortController()
  try {
    for await (const event of client.events(stop.signal)) {
      if (event.type === 'hello') return event
      if (event.type === 'refused') throw new Fault('ERR_UNAUTHENTICATED', event.reason)
      if (event.type === 'lost') throw new Fault('ERR_BROKER', `The broker does not answer (${event.reason}).`)
    }
    throw new Fault('ERR_BROKER', 'The broker ended before it answered.')
  } finally {
    stop.abort()
  }
}
