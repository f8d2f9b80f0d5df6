import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fault } from '../../src/model/fault.ts'
import { describe } from '../../src/request/attributes.ts'
import { equivalentCommand } from '../../src/request/kubectl.ts'
import { parseTarget } from '../../src/request/target.ts'

const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
const pieces =
  '/ // /api /apis /v1 /watch /proxy /namespaces /a /pods /exec /.. /. %2f %2e % %41 %00 \\ ; ? & = + watch'
const piece = fc.constantFrom(...pieces.split(' '), 'fieldSelector=metadata.name', 'limit=', 'é')
const target = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
  fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.webPath().map((path) => path || '/'),
)

test('any text is a target or an ERR_TARGET, never anything else', () => {
  fc.assert(
    fc.property(methods, target, (method, text) => {
      try {
        const parsed = parseTarget(text)
        equivalentCommand(describe(method, parsed, 'application/json'), parsed.query)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Fault)
        expect((thrown as Fault).code).toBe('ERR_TARGET')
      }
    }),
    { numRuns: 5000 },
  )
})

test('what is sent reads as what was judged, and is sent the same way again', () => {
  fc.assert(
    fc.property(methods, target, (method, text) => {
      let parsed
      try {
        parsed = parseTarget(text)
      } catch {
        return
      }
      const again = parseTarget(parsed.encoded)
      expect(again).toEqual({ ...parsed })
      const outcome = (from: typeof again) => {
        try {
          return describe(method, from, '')
        } catch (thrown) {
          return (thrown as Fault).code
        }
      }
      expect(outcome(again)).toEqual(outcome(parsed))
    }),
    { numRuns: 5000 },
  )
})

test('a decoded value survives the trip, whatever characters it has', () => {
  const value = fc.string({ unit: 'grapheme', maxLength: 20 })
  fc.assert(
    fc.property(value, (text) => {
      const raw = `/api/v1/pods?labelSelector=${encodeURIComponent(text)}`
      let parsed
      try {
        parsed = parseTarget(raw)
      } catch {
        return
      }
      expect(parsed.query).toEqual([['labelSelector', text]])
      expect(new URL(parsed.encoded, 'https://x').searchParams.get('labelSelector')).toBe(text)
    }),
  )
})
