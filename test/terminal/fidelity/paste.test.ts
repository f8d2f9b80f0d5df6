import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../support/tmp.ts'
import { Side } from './side.ts'

const chaperoned = new URL('../chaperoned.ts', import.meta.url).pathname

/** Reads a megabyte between the marks of bracketed paste, says how much came and what its digest is, and stays. */
const reader = `
  process.stdin.setRawMode(true)
  const chunks = []
  process.stdin.on('data', (chunk) => {
    chunks.push(chunk)
    const all = Buffer.concat(chunks)
    if (!all.subarray(-6).equals(Buffer.from('\\x1b[201~'))) return
    const body = all.subarray(6, -6)
    const hash = require('node:crypto').createHash('sha256').update(body).digest('hex')
    process.stdout.write('\\x1b[?2004l' + all.subarray(0, 6).toString('hex') + ' ' + body.length + ' ' + hash + '\\n')
  })
  process.stdout.write('\\x1b[?2004hready\\n')`

describe('a paste', () => {
  test('of a megabyte arrives whole, with what would be keys of ours in it', async () => {
    await using folder = await temporaryFolder()
    const line = 'größe 漢字 \x1d\x1dq leader, \x03 interrupt, \x1b[A arrow\r'
    const text = line.repeat(Math.ceil(2 ** 20 / Buffer.byteLength(line)))
    const command = [process.execPath, chaperoned, folder.path, process.execPath, '-e', reader]
    await using side = new Side({ command, cols: 120, rows: 30, cwd: folder.path, env: {} })
    await side.waitFor('ready')
    side.type(`\x1b[200~${text}\x1b[201~`)
    const digest = createHash('sha256').update(text).digest('hex')
    await side.waitFor(`1b5b3230307e ${Buffer.byteLength(text)} ${digest}`)
    await side.waitFor('STATUS 120x30')
    expect(side.text()).not.toContain('drawer')
  })
})
