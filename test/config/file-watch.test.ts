import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { watchFiles } from '../../src/config/file-watch.ts'
import { readPolicyFiles } from '../../src/config/policy-files.ts'
import { Fault } from '../../src/model/fault.ts'
import { loadPolicy } from '../../src/policy/parse.ts'
import { temporaryFolder } from '../support/tmp.ts'

const policy = (name: string) =>
  `apiVersion: chaperone/v1\nkind: AccessPolicy\nmetadata: {name: ${name}}\nrules:\n- {name: r, subjects: [{group: a}], effect: deny, match: {verbs: ["*"], nonResourceURLs: ["*"]}}\n`

it('a policy file that changes is in force at once; one that is broken or gone leaves the old one, and says so', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'policy.yaml')
  await writeFile(file, policy('one'))
  let inForce = loadPolicy([{ file, text: policy('one') }])
  let told = Promise.withResolvers<string>()
  const next = async (change: () => Promise<void>) => {
    told = Promise.withResolvers()
    await change()
    return told.promise
  }
  using _watch = watchFiles({
    files: [file],
    known: [{ file, text: policy('one') }],
    what: 'policy',
    read: readPolicyFiles,
    intervalMs: 20,
    apply: (sources) => {
      inForce = loadPolicy(sources)
      told.resolve(`now ${inForce.name}`)
      return Promise.resolve()
    },
    failed: (fault) => Promise.resolve(told.resolve(fault.sentence)),
  })
  const swap = async (text: string) => {
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }
  expect(await next(() => swap(policy('second')))).toBe('now second')
  expect(await next(() => swap(policy('third').replace('deny', 'dney')))).toMatch(
    /policy\.yaml:5: .*The policy before stays in force/s,
  )
  expect(inForce.name).toBe('second')
  expect(await next(() => rm(file))).toMatch(/Cannot read the policy.*The policy before stays in force/s)
  expect(inForce.name).toBe('second')
  expect(await next(() => swap(policy('fourth')))).toBe('now fourth')
})

it('what changed before anybody looked is in force', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'list')
  await writeFile(file, 'after')
  const applied = await new Promise<string | undefined>((resolve, reject) => {
    const watch = watchFiles({
      files: [file],
      known: [{ file, text: 'before' }],
      what: 'list',
      read: readPolicyFiles,
      intervalMs: 5,
      apply: ([source]) => {
        watch[Symbol.dispose]()
        return Promise.resolve(resolve(source?.text))
      },
      failed: (fault) => Promise.resolve(reject(fault)),
    })
  })
  expect(applied).toBe('after')
})

it('where there is no file, nothing takes the place of what is known', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'list')
  await writeFile(file, 'after')
  const told: string[] = []
  const common = {
    known: [{ file, text: 'before' }],
    what: 'list',
    read: readPolicyFiles,
    intervalMs: 5,
    failed: ({ message }: Fault) => Promise.resolve(void told.push(message)),
  }
  using _none = watchFiles({ ...common, files: [], apply: () => Promise.resolve(void told.push('none')) })
  using _one = watchFiles({ ...common, files: [file], apply: () => Promise.resolve(void told.push('one')) })
  await vi.waitFor(() => expect(told).toContain('one'))
  expect(told).toEqual(['one'])
})

it('what could not be noted down is tried until it can, and told once; what is wrong is tried once', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'list')
  await writeFile(file, 'one')
  const [tried, told]: [string[], string[]] = [[], []]
  let full = Promise.withResolvers<void>()
  using _watch = watchFiles({
    files: [file],
    known: [{ file, text: 'one' }],
    what: 'list',
    read: readPolicyFiles,
    intervalMs: 5,
    apply: ([source]) => {
      tried.push(source?.text ?? '')
      if (source?.text === 'wrong') return Promise.reject(new Fault('ERR_CONFIG', 'That is wrong.'))
      if (source?.text === 'last' || tried.filter((text) => text === 'two').length === 4) full.resolve()
      else return Promise.reject(new Fault('ERR_JOURNAL', 'The disk is full.'))
      return Promise.resolve()
    },
    failed: ({ message }) => Promise.resolve(void told.push(message)),
  })
  await writeFile(file, 'two')
  await full.promise
  expect(tried).toEqual(['two', 'two', 'two', 'two'])
  expect(told).toEqual(['The disk is full.'])
  await writeFile(file, 'wrong')
  await vi.waitFor(() => expect(told).toContain('That is wrong.'))
  full = Promise.withResolvers()
  await writeFile(file, 'last')
  await full.promise
  expect(tried.slice(4)).toEqual(['wrong', 'last'])
})
