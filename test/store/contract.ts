import { afterEach, describe, expect, it } from 'vitest'
import type { Change, Store } from '../../src/store/port.ts'

/** What a test of the contract needs of an implementation. */
export interface StoreUnderTest extends AsyncDisposable {
  open(): Promise<Store>
}

interface Coin {
  readonly owner: string
  readonly worth: number
}

function coin(value: unknown): Coin {
  const { owner, worth } = value as Coin
  if (typeof owner !== 'string' || typeof worth !== 'number') throw new Error('not a coin')
  return { owner, worth }
}

/** The promises of the Store port, the same for every implementation. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a store`, () => {
    const used: AsyncDisposable[] = []
    afterEach(async () => {
      for (const one of used.splice(0)) await one[Symbol.asyncDispose]()
    })
    async function fresh() {
      const underTest = await make()
      used.push(underTest)
      const store = await underTest.open()
      return { underTest, store, coins: await store.collection('coins', coin) }
    }

    it('has nothing at first', async () => {
      const { coins } = await fresh()
      expect(await coins.get('a')).toBeUndefined()
      expect(await coins.list()).toEqual([])
    })

    it('gives back what was put, by key and in the order of change', async () => {
      const { coins } = await fresh()
      const a = await coins.put('a', { owner: 'ana', worth: 1 }, 0)
      await coins.put('b', { owner: 'ben', worth: 2 }, 0)
      await coins.put('a', { owner: 'ana', worth: 3 }, a.revision)
      expect((await coins.get('a'))?.value).toEqual({ owner: 'ana', worth: 3 })
      expect((await coins.list()).map(({ key }) => key)).toEqual(['b', 'a'])
    })

    it('refuses to create twice, to overwrite unseen and to delete unseen', async () => {
      const { coins } = await fresh()
      const first = await coins.put('a', { owner: 'ana', worth: 1 }, 0)
      await expect(coins.put('a', { owner: 'eve', worth: 9 }, 0)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
      await coins.put('a', { owner: 'ana', worth: 2 }, first.revision)
      await expect(coins.put('a', { owner: 'eve', worth: 9 }, first.revision)).rejects.toMatchObject({
        code: 'ERR_CONFLICT',
      })
      await expect(coins.delete('a', first.revision)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
      expect((await coins.get('a'))?.value).toEqual({ owner: 'ana', worth: 2 })
    })

    it('lets exactly one of many racing writers win', async () => {
      const { coins } = await fresh()
      const { revision } = await coins.put('a', { owner: 'nobody', worth: 0 }, 0)
      const racers = Array.from({ length: 10 }, (_, index) =>
        coins.put('a', { owner: `w${index}`, worth: 1 }, revision),
      )
      const results = await Promise.allSettled(racers)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })

    it('never gives a revision twice, not even after a delete', async () => {
      const { coins } = await fresh()
      const first = await coins.put('a', { owner: 'ana', worth: 1 }, 0)
      await coins.delete('a', first.revision)
      expect(await coins.get('a')).toBeUndefined()
      const again = await coins.put('a', { owner: 'ana', worth: 1 }, 0)
      expect(again.revision).toBeGreaterThan(first.revision)
    })

    it('tells of every change, in order, after it is kept', async () => {
      const { coins } = await fresh()
      const seen: Change<Coin>[] = []
      const stop = coins.subscribe((change) => seen.push(change))
      const { revision } = await coins.put('a', { owner: 'ana', worth: 1 }, 0)
      await coins.put('b', { owner: 'ben', worth: 1 }, 0)
      await coins.delete('a', revision)
      stop()
      await coins.put('c', { owner: 'cy', worth: 1 }, 0)
      expect(seen.map(({ key, value }) => [key, value?.owner])).toEqual([
        ['a', 'ana'],
        ['b', 'ben'],
        ['a', undefined],
      ])
    })

    it('is not changed by changing a value after it was put', async () => {
      const { coins } = await fresh()
      const mine = { owner: 'ana', worth: 1 }
      await coins.put('a', mine, 0)
      mine.worth = 100
      expect((await coins.get('a'))?.value.worth).toBe(1)
    })

    it('still has everything after it was closed and opened again', async () => {
      const { underTest, store, coins } = await fresh()
      const kept = await coins.put('a', { owner: 'ana', worth: 1 }, 0)
      await coins.put('gone', { owner: 'ben', worth: 1 }, 0)
      const last = await coins.get('gone')
      await coins.delete('gone', last!.revision)
      await store.close()
      const again = await (await underTest.open()).collection('coins', coin)
      expect(await again.list()).toEqual([kept])
      const next = await again.put('gone', { owner: 'ben', worth: 1 }, 0)
      expect(next.revision).toBeGreaterThan(last!.revision)
    })

    it('keeps collections apart', async () => {
      const { store, coins } = await fresh()
      const medals = await store.collection('medals', coin)
      await coins.put('a', { owner: 'ana', worth: 1 }, 0)
      expect(await medals.get('a')).toBeUndefined()
    })
  })
}
