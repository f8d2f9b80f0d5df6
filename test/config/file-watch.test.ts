import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { watchFiles } from '../../src/config/file-watch.ts'
import { readPolicyFiles } from '../../src/config/policy-files.ts'
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
