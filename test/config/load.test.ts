import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parseDuration } from '../../src/config/duration.ts'
import { readEnvironment } from '../../src/config/environment.ts'
import { loadConfig, parseConfig } from '../../src/config/load.ts'
import { prepareState } from '../../src/config/state.ts'
import { Fault } from '../../src/model/fault.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chaperone-config-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const environment = () => ({ ...readEnvironment(), configFile: join(folder, 'none.yaml') })

describe('chaperone.yaml', () => {
  it('names file, line and the known keys when a key is misspelt', () => {
    const text = 'apiVersion: chaperone/v1\nkind: Config\nkubeconfg: /x\n'
    expect(() => parseConfig(text, 'chaperone.yaml')).toThrow(
      /chaperone\.yaml:1: file: .*kubeconfg.*Known: .*kubeconfig/,
    )
  })

  it('names the line of a wrong value', () => {
    const text = 'apiVersion: chaperone/v1\nkind: Config\nlisten: 0.0.0.0:8443\n'
    expect(() => parseConfig(text, 'c.yaml')).toThrow(/c\.yaml:3: listen: must be a loopback address/)
  })

  it('refuses a key given twice', () => {
    expect(() => parseConfig('apiVersion: chaperone/v1\nkind: Config\nui: full\nui: none\n', 'c.yaml')).toThrow(
      /c\.yaml:4/,
    )
  })

  it('throws nothing but its own error, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        try {
          parseConfig(text, 'c.yaml')
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault)
        }
      }),
    )
  })

  it('lets flags win over the file, and resolves policies beside the file', async () => {
    const file = join(folder, 'chaperone.yaml')
    await writeFile(
      file,
      'apiVersion: chaperone/v1\nkind: Config\ncontext: staging\npolicies: [mine.yaml]\nlisten: 127.0.0.1:1\n',
    )
    const config = await loadConfig({ config: file, context: 'production' }, environment())
    expect(config.upstream).toMatchObject({ context: 'production' })
    expect(config.policyFiles).toEqual([join(folder, 'mine.yaml')])
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 1 })
  })

  it('says what to do when the named file is not there', async () => {
    await expect(loadConfig({ config: join(folder, 'no.yaml') }, environment())).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      sentence: expect.stringContaining('Give an existing file with --config.') as string,
    })
  })

  it('refuses to listen beyond loopback, also by flag', async () => {
    await expect(loadConfig({ listen: '0.0.0.0:1' }, environment())).rejects.toMatchObject({ code: 'ERR_USAGE' })
  })
})

describe('durations', () => {
  it('reads what people write', () => {
    expect([
      parseDuration('0', 'x'),
      parseDuration('90s', 'x'),
      parseDuration('1m30s', 'x'),
      parseDuration('250ms', 'x'),
    ]).toEqual([0, 90_000, 90_000, 250])
  })

  it('refuses everything else with ERR_USAGE', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text) && text !== '0')
        expect(() => parseDuration(text, '--wait')).toThrow(/--wait must be a duration/)
      }),
    )
  })
})

describe('the state folder', () => {
  it('is made for its owner alone', async () => {
    const folders = await prepareState(join(folder, 'state'), process.getuid?.() ?? 0)
    expect(folders.brokerFile).toBe(join(folder, 'state', 'run', 'broker.json'))
  })

  it('is refused when others may enter it', async () => {
    await chmod(folder, 0o755)
    await expect(prepareState(folder, process.getuid?.() ?? 0)).rejects.toThrow(/others may enter it/)
  })

  it('is refused when it is a file', async () => {
    const path = join(folder, 'file')
    await writeFile(path, '')
    await expect(prepareState(path, process.getuid?.() ?? 0)).rejects.toMatchObject({ code: 'ERR_STATE' })
  })
})
