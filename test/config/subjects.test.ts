import { chmod, lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { editSubjects } from '../../src/config/subjects-edit.ts'
import { parseSubjects, readSubjectsFile } from '../../src/config/subjects.ts'
import { newSubjectKey } from '../../src/identity/subject-token.ts'
import { temporaryFolder } from '../support/tmp.ts'

const keys = [newSubjectKey().publicKey, newSubjectKey().publicKey] as const
const text = `# the team
apiVersion: chaperone/v1
kind: Subjects
audience: chaperone:0123456789abcdef
subjects:
  - name: ana # on leave
    groups: [developers, "chaperone:reviewers"]
    publicKey: ${keys[0]}
  - { name: "ci@build-1", publicKey: ${keys[1]} }
`

/** The same 32 bytes in other letters: the last one has two bits to spare (RFC 4648 section 3.5). */
function respelled(key: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return `${key.slice(0, -2)}${letters[letters.indexOf(key.at(-2) ?? '') + 1]}=`
}

let parts: AsyncDisposableStack
let file: string
beforeEach(async () => {
  parts = new AsyncDisposableStack()
  file = join(parts.use(await temporaryFolder()).path, 'subjects.yaml')
})
afterEach(() => parts.disposeAsync())

it('a subjects file says who is known by which key', () => {
  expect(parseSubjects({ file: 'x', text })).toEqual({
    audience: 'chaperone:0123456789abcdef',
    subjects: [
      { name: 'ana', groups: ['developers', 'chaperone:reviewers'], publicKey: keys[0] },
      { name: 'ci@build-1', groups: [], publicKey: keys[1] },
    ],
  })
})

it.each([
  ['a name of the cluster', ['name: ana', 'name: "system:admin"'], /x:6: subjects\.0\.name: must begin with/],
  ['a name of Chaperone', ['name: ana', 'name: "chaperone:x"'], /x:6: subjects\.0\.name/],
  ['a name that hides something', ['name: ana', 'name: "an\\u200ba"'], /x:6: subjects\.0\.name/],
  ['a group of the cluster', ['developers', '"system:masters"'], /x:7: subjects\.0\.groups\.0: must be/],
  ['the same in other letters', ['developers', '"System:Masters"'], /x:7: subjects\.0\.groups\.0/],
  ['another group of Chaperone', ['chaperone:reviewers', 'chaperone:owners'], /x:7: subjects\.0\.groups\.1/],
  ['a name twice', ['ci@build-1', 'ANA'], /x:9: subjects\.1\.name: is there twice/],
  ['a key twice', [keys[1], keys[0]], /x:9: subjects\.1\.publicKey: belongs to another/],
  ['a private key', [keys[0], keys[0].replace('MCow', 'MC4C')], /x:8: subjects\.0\.publicKey: must be a key/],
  ['an unknown key', ['groups:', 'group:'], /x:7: subjects\.0: unknown key "group". Did you mean "groups"\?/],
  ['a short audience', ['chaperone:0123456789abcdef', 'short'], /x:4: audience/],
  ['a key in another spelling', [keys[0], respelled(keys[0])], /x:8: subjects\.0\.publicKey: must be a key/],
  ['a tag', ['groups: [developers', 'groups: !!seq [developers'], /x:7: write the value without the tag/],
  ['a merge key by tag', ['groups: [developers, "chaperone:reviewers"]', '!!merge <<: { groups: [x] }'], /x:7: .*tag/],
  ['a directive', ['# the team', '%YAML 1.1\n---'], /x:1: the file may not begin with a % line/],
  ['an alias', ['groups: [developers', 'groups: [*g'], /x:7: /],
])('%s is refused with its line', (_what, [from, to], message) => {
  expect(() => parseSubjects({ file: 'x', text: text.replace(from as string, to as string) })).toThrow(message)
})

describe('the file', () => {
  it('is edited in place: comments stay, and what would not parse is not written', async () => {
    await writeFile(file, text, { mode: 0o600 })
    const next = newSubjectKey().publicKey
    await editSubjects(file, (_list, entries) => {
      entries.add({ name: 'rob', groups: ['leads'], publicKey: next })
      entries.remove('ci@build-1')
    })
    const written = await readFile(file, 'utf8')
    expect(written).toContain('# the team')
    expect(written).toContain('name: ana # on leave')
    expect(parseSubjects({ file, text: written }).subjects.map(({ name }) => name)).toEqual(['ana', 'rob'])
    await expect(
      editSubjects(file, (_list, entries) => entries.add({ name: 'system:x', groups: [], publicKey: keys[1] })),
    ).rejects.toMatchObject({ code: 'ERR_CONFIG' })
    expect(await readFile(file, 'utf8')).toBe(written)
  })

  it('is made where there is none, with an audience of its own', async () => {
    await editSubjects(file, (_list, entries) => entries.add({ name: 'ana', groups: [], publicKey: keys[0] }))
    const { audience, subjects } = parseSubjects(await readSubjectsFile(file))
    expect(audience).toMatch(/^chaperone:[0-9a-f]{32}$/)
    expect(subjects).toEqual([{ name: 'ana', groups: [], publicKey: keys[0] }])
  })

  it('is not believed when others may change it', async () => {
    await writeFile(file, text)
    await chmod(file, 0o664)
    await expect(readSubjectsFile(file)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('Others may change') as string,
    })
    await expect(readSubjectsFile(join(file, 'x'))).rejects.toMatchObject({ code: 'ERR_CONFIG' })
  })

  it('is not believed in a folder where others may put another in its place', async () => {
    await writeFile(file, text, { mode: 0o600 })
    await chmod(dirname(file), 0o777)
    await expect(readSubjectsFile(file)).rejects.toMatchObject({ advice: `Run: chmod go-w ${dirname(file)}` })
    await chmod(dirname(file), 0o1777)
    await expect(readSubjectsFile(file)).resolves.toMatchObject({ text })
  })

  it('is not believed where others may change a folder further up, or what a link leads to', async () => {
    const folder = join(dirname(file), 'team')
    await mkdir(folder)
    await writeFile(join(folder, 'subjects.yaml'), text, { mode: 0o600 })
    await chmod(dirname(file), 0o777)
    await expect(readSubjectsFile(join(folder, 'subjects.yaml'))).rejects.toMatchObject({
      advice: `Run: chmod go-w ${dirname(file)}`,
    })
    await chmod(dirname(file), 0o700)
    await symlink(join(folder, 'subjects.yaml'), file)
    await expect(readSubjectsFile(file)).resolves.toMatchObject({ file, text })
    await chmod(folder, 0o770)
    await expect(readSubjectsFile(file)).rejects.toMatchObject({ advice: `Run: chmod go-w ${folder}` })
  })

  it('that a link leads to is edited there, and the link stays', async () => {
    await writeFile(`${file}.real`, text, { mode: 0o600 })
    await symlink(`${file}.real`, file)
    await editSubjects(file, (_list, entries) => entries.remove('ana'))
    expect((await lstat(file)).isSymbolicLink()).toBe(true)
    expect(await readFile(`${file}.real`, 'utf8')).not.toContain('name: ana')
  })

  it('is not read when it would stop the broker for long', async () => {
    await writeFile(file, `${text}#${'x'.repeat(256 * 1024)}`, { mode: 0o600 })
    await expect(readSubjectsFile(file)).rejects.toMatchObject({
      message: expect.stringContaining('256 KiB') as string,
    })
  })

  it('is written beside itself where nobody else could have prepared a place', async () => {
    await writeFile(file, text, { mode: 0o600 })
    await writeFile(`${file}.other`, 'mine')
    await symlink(`${file}.other`, `${file}.new`)
    await editSubjects(file, (_list, entries) => entries.remove('ana'))
    expect(await readFile(`${file}.other`, 'utf8')).toBe('mine')
    expect((await lstat(file)).isFile()).toBe(true)
  })
})
