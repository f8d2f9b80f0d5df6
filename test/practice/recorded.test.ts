import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPractice, type PracticeCluster } from '../../src/practice/server.ts'
import type { RecordedRequest } from '../clients/recorded.ts'
import { Replay } from '../clients/replay.ts'

const file = new URL('../vectors/requests.jsonl', import.meta.url)
const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
const requests = lines.map((line) => JSON.parse(line) as RecordedRequest)

describe('what kubectl 1.28 to 1.35 and helm sent is answered as it was', () => {
  let practice: PracticeCluster
  let replay: Replay

  beforeAll(async () => {
    practice = await startPractice({ host: '127.0.0.1', port: 0 })
    replay = new Replay(practice)
  })

  afterAll(async () => {
    replay.dispose()
    await practice.close()
  })

  test.each(requests)('$from: $method $target', async (request) => {
    expect(await replay.send(request)).toEqual(request.answer)
  })
})
