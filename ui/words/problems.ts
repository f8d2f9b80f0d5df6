import { toFault } from '../../src/model/fault.ts'
import { plain } from './plain.ts'

/** Any failure as one harmless line for a person: what is wrong and what to do. */
export function problemSentence(thrown: unknown): string {
  return plain(toFault(thrown).sentence)
}
