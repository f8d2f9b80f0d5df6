import { describe, expect, it } from 'vitest'
import { makeOblige } from '../../src/mask/oblige.ts'
import { builtinSource } from '../../src/policy/builtin.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { operator } from '../policy/request.ts'
import { one, secret } from './canary.ts'

const MIB = 1024 * 1024
const padding = (bytes: number) => Buffer.alloc(bytes, 0x20)

function broker() {
  const deadline = new AbortController()
  const { maskSets } = loadPolicy([builtinSource])
  const oblige = makeOblige({ maskSets, key: new Uint8Array(32), deadline: () => deadline.signal })
  const answer = (bytes: number) => {
    async function* body() {
      yield Buffer.from(JSON.stringify(secret))
      for (let sent = 0; sent < bytes; sent += MIB) yield padding(Math.min(MIB, bytes - sent))
    }
    const masker = oblige([{ kind: 'mask', maskSet: 'secrets' }], one, operator)
    const sent = { statusCode: 200, contentType: 'application/json', body: body() }
    return masker.answer(sent).body[Symbol.asyncIterator]()
  }
  return { answer, deadline }
}

describe('Large answers', () => {
  it('share a budget: a third waits for the end of one, small ones do not wait', async () => {
    const { answer } = broker()
    const [first, second, third] = [answer(5 * MIB), answer(5 * MIB), answer(5 * MIB)]
    await Promise.all([first.next(), second.next()])
    let came = false
    const waiting = third.next().then(() => (came = true))
    expect((await answer(1000).next()).done).toBe(false)
    expect((await answer(2 * MIB).next()).done).toBe(false)
    expect(came).toBe(false)
    await first.return?.()
    await waiting
    expect(came).toBe(true)
  })

  it('that wait too long are refused, and give back what they held', async () => {
    const { answer, deadline } = broker()
    const held = [answer(5 * MIB), answer(5 * MIB)]
    await Promise.all(held.map((one) => one.next()))
    const waiting = Array.from({ length: 14 }, () => answer(5 * MIB).next())
    deadline.abort()
    const ends = await Promise.allSettled(waiting)
    for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ERR_MASK_BUSY' } })
    const later = Array.from({ length: 14 }, () => answer(2 * MIB).next())
    expect((await Promise.all(later)).map(({ done }) => done)).not.toContain(true)
  })

  it('lose no place when one ends in the moment in which another gives up', async () => {
    const { answer, deadline } = broker()
    const held = [answer(5 * MIB), answer(5 * MIB)]
    await Promise.all(held.map((one) => one.next()))
    const waiting = answer(5 * MIB).next()
    await answer(2 * MIB).next()
    const ended = held[0]?.return?.()
    deadline.abort()
    await Promise.allSettled([waiting, ended])
    expect((await answer(5 * MIB).next()).done).toBe(false)
  })
})
