import type { JsonValue } from '../model/request.ts'
import { isObject } from './fields.ts'

/** Tells every place at which a client sees something else than is there. */
export function differences(
  stored: JsonValue,
  masked: JsonValue,
  path: readonly string[],
  tell: (path: readonly string[], text: string, value: JsonValue) => void,
): void {
  if (stored === masked) return
  if (typeof masked === 'string') {
    tell(path, masked, stored)
  } else if (Array.isArray(masked) && Array.isArray(stored)) {
    const elements: readonly JsonValue[] = stored
    masked.forEach((one: JsonValue, index) => differences(elements[index] ?? null, one, [...path, String(index)], tell))
  } else if (isObject(masked) && isObject(stored)) {
    for (const [key, one] of Object.entries(masked)) differences(stored[key] ?? null, one, [...path, key], tell)
  }
}
