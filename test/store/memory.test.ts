import { MemoryStore } from './memory.ts'
import { storeContract } from './contract.ts'

storeContract('The store of other rooms’ tests', async () => {
  const store = new MemoryStore()
  return { open: async () => store, [Symbol.asyncDispose]: () => store.close() }
})
