import { clients } from './clients.ts'

/** Runs once before all tests of the clients, so that no two of them fetch or unpack at the same time. */
export default async function setup(): Promise<void> {
  await clients()
}
