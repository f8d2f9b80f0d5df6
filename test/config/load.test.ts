import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parseDuration } from '../../src/config/duration.ts'
import { readEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { readPolicyFiles } from '../../src/config/policy-files.ts'
import { prepareState } from '../../src/config/state.ts'
import { Fault } from '../../src/model/fault.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chaperone-config-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const environment = () => ({ ...readEnvironment(), configFile: join(folder, 'none.yaml') })

function fault(run: () => unknown): Fault {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('it threw nothing')
}

describe('chaperone.yaml', () => {
  const head = 'apiVersion: chaperone/v1\nkind: Config\n'
  it.each([
    [
      'a misspelt key',
      `${head}kubeconfg: /x\n`,
      /^c\.yaml:3: unknown key "kubeconfg"\. Did you mean "kubeconfig"\? Known: api/,
    ],
    [
      'one inside another',
      `${head}recording:\n  vers: 2\n`,
      /^c\.yaml:4: recording: unknown key "vers"\. Did you mean "version"/,
    ],
    [
      'a wrong value',
      `${head}listen: 0.0.0.0:8443\n`,
      /^c\.yaml:3: listen: must be a loopback address.*not "0\.0\.0\.0:8443"$/,
    ],
    ['a word outside its set', `${head}ui: loud\n`, /^c\.yaml:3: ui: must be one of full, line, none, not "loud"$/],
    ['a number for text', `${head}context: 7\n`, /^c\.yaml:3: context: must be text, not 7$/],
    ['text for a list', `${head}policies: a.yaml\n`, /^c\.yaml:3: policies: must be a list, not "a\.yaml"$/],
    [
      'an unknown version',
      `${head}recording: {version: 4}\n`,
      /^c\.yaml:3: recording\.version: must be 2 or 3, not 4$/,
    ],
    ['nothing', `${head}context: ''\n`, /^c\.yaml:3: context: must not be empty$/],
    ['no kind', 'apiVersion: chaperone/v1\n', /^c\.yaml:1: kind: is missing; write kind: Config$/],
    ['an empty file', '', /^c\.yaml:1: the file is empty; it begins with apiVersion/],
    ['plain text', 'hello\n', /^c\.yaml:1: must be keys with values, like apiVersion: chaperone\/v1, not "hello"$/],
    ['a key given twice', `${head}ui: full\nui: none\n`, /^c\.yaml:4: this key is written twice$/],
    ['a tab', `${head}recording:\n\tversion: 2\n`, /^c\.yaml:4: the indentation must be spaces, not tabs/],
    ['a bracket left open', `${head}policies: [a\n`, /^c\.yaml:4: .*a bracket in them is not closed$/],
    [
      'people of a provider whose tokens nobody takes',
      `${head}identity:\n  people: {issuer: 'https://id.example.com', clientID: chaperone}\n`,
      /^c\.yaml:4: identity\.people\.issuer: jwt has no entry for it; add one with issuer: \{url: https:\/\/id\.example\.com, audiences: \[chaperone\]\}$/,
    ],
    [
      'people of a client whose tokens nobody takes',
      `${head}identity:\n  people: {issuer: 'https://id.example.com', clientID: chaperone}\n  jwt: [{issuer: {url: 'https://id.example.com', audiences: [ci]}, claimMappings: {username: {claim: sub, prefix: ''}}}]\n`,
      /^c\.yaml:4: identity\.people\.clientID: the entry of jwt does not take tokens for it; add chaperone to its audiences$/,
    ],
    [
      'a provider without TLS',
      `${head}identity:\n  people: {issuer: 'http://id.example.com', clientID: chaperone}\n`,
      /^c\.yaml:4: identity\.people\.issuer: must be an https URL/,
    ],
    ['an alias', `${head}context: &a x\nui: *a\n`, /^c\.yaml:4: write the value out instead of \*name$/],
  ])('%s: file, line, key and what to write', (_what, text, words) => {
    const thrown = fault(() => parseConfig(text, 'c.yaml'))
    expect([thrown.code, thrown.message]).toEqual(['ERR_CONFIG', expect.stringMatching(words)])
    expect(thrown.message).not.toMatch(/zod|expected|received|Invalid|implicit|scalar|collection/i)
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

  it('takes ~/ for the home folder', async () => {
    const file = join(folder, 'chaperone.yaml')
    await writeFile(file, `${head}kubeconfig: ~/.kube/tea\n`)
    const config = await loadConfig({ config: file }, { ...environment(), home: '/somewhere/rita' })
    expect(config.upstream).toMatchObject({ paths: ['/somewhere/rita/.kube/tea'] })
  })

  it('says what to do when the named file is not there', async () => {
    await expect(loadConfig({ config: join(folder, 'no.yaml') }, environment())).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      sentence: expect.stringContaining('Give an existing file with --config.') as string,
    })
  })

  it('is not read where all users may change it, nor is a policy', async () => {
    const path = join(folder, 'chaperone.yaml')
    await writeFile(path, 'apiVersion: chaperone/v1\nkind: Config\n')
    await chmod(path, 0o666)
    await expect(loadConfig({ config: path }, environment())).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      advice: `Run: chmod o-w ${path}`,
    })
    await expect(readPolicyFiles([path])).rejects.toMatchObject({ code: 'ERR_POLICY' })
    await chmod(path, 0o664)
    await chmod(folder, 0o777)
    await expect(readPolicyFiles([path])).rejects.toMatchObject({ advice: `Run: chmod o-w ${folder}` })
    await chmod(folder, 0o775)
    await expect(loadConfig({ config: path }, environment())).resolves.toMatchObject({ file: path })
    await expect(readPolicyFiles([path])).resolves.toHaveLength(1)
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
