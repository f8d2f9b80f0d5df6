import fc from 'fast-check'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { makeRestore } from '../../src/mask/restore.ts'
import { readManifests, rewritten } from '../../src/mask/manifests.ts'
import type { JsonObject, JsonValue } from '../../src/model/request.ts'
import { operator, resourceRequest } from '../policy/request.ts'
import { base64, key, leaks, maskerFor, maskSets, masked, canary } from './canary.ts'

const name = 'sh.helm.release.v1.kettle.v1'
const reading = resourceRequest('get', 'secrets', { namespace: 'shop', name })
const writing = resourceRequest('update', 'secrets', { namespace: 'shop', name })

const seal = (record: unknown) => base64(gzipSync(JSON.stringify(record)).toString('base64'))
const secretOf = (release: string, named = name) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: named,
    namespace: 'shop',
    uid: 'u-1',
    resourceVersion: '7',
    labels: { owner: 'helm', name: 'kettle' },
  },
  type: 'helm.sh/release.v1',
  data: { release },
})
const open = (secret: JsonValue | undefined) => {
  const { data } = secret as unknown as { data: { release: string } }
  return JSON.parse(
    gunzipSync(Buffer.from(Buffer.from(data.release, 'base64').toString(), 'base64')).toString(),
  ) as Kept
}

interface Kept {
  name: string
  namespace: string
  version: number
  info: { status: string; notes: string }
  config: Record<string, unknown>
  chart: { metadata: Record<string, unknown>; values: Record<string, unknown>; files: { name: string; data: string }[] }
  manifest: string
  hooks?: { name: string; manifest: string }[]
}

const secretManifest = `---
# Source: kettle/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: kettle}
data:
  password: ${base64(canary)}
`
const record = (more: Partial<Kept> = {}): Kept => ({
  name: 'kettle',
  namespace: 'shop',
  version: 1,
  info: { status: 'deployed', notes: 'Drink tea.' },
  config: { replicas: 2, password: canary },
  chart: { metadata: { name: 'kettle', version: '1.0.0' }, values: {}, files: [] },
  manifest: secretManifest,
  ...more,
})
const json = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue
const show = async (kept: unknown, request = reading) => masked(request, secretOf(seal(kept)))

describe('A record of helm', () => {
  it('stays a record for helm, in which secrets are hidden and all else is as it was', async () => {
    const shown = open(await show(record()))
    expect(leaks(JSON.stringify(shown))).toEqual([])
    expect(shown).toMatchObject({ name: 'kettle', version: 1, info: { status: 'deployed' }, config: { replicas: 2 } })
    expect(shown.config['password']).toMatch(/^chaperone-masked-/)
    expect(shown.manifest.replace(/"[^"]*"/, base64(canary))).toBe(secretManifest)
  })

  it.each<[string, Partial<Kept>]>([
    ['below a secret name', { config: { auth: { secrets: { deep: [canary] } } } }],
    ['as a number below a secret name', { config: { token: 4111111111111111 } }],
    ['in what a chart brings', { chart: { ...record().chart, values: { db: { password: canary } } } }],
    ['under another name, where a manifest shows what it is', { config: { tea: canary } }],
    [
      'as a number that a manifest shows as a text',
      {
        config: { tea: 4111111111111111 },
        manifest: 'kind: Secret\napiVersion: v1\nstringData: {card: "4111111111111111"}\n',
      },
    ],
    [
      'under another name, where no manifest can be read',
      { config: { tea: canary }, manifest: `${secretManifest}\t- {\n` },
    ],
    ['in a longer text of which a manifest shows a part', { config: { url: `kettle ${canary} tea` } }],
    ['in the notes', { info: { status: 'deployed', notes: `Your password is ${canary}.` } }],
    ['in a file of the chart', { chart: { ...record().chart, files: [{ name: 'a', data: base64(`x${canary}`) }] } }],
    ['in a comment of a manifest', { manifest: `${secretManifest}# was: ${canary}\n` }],
    ['in a manifest that refers to itself', { manifest: `${secretManifest}type: &a ${canary}\nimmutable: *a\n` }],
    ['in a manifest with a key twice', { manifest: `${secretManifest}data: {other: ${base64(canary)}}\n` }],
    ['in a manifest that says what it is', { manifest: `${secretManifest}stringData: {a: !!str ${canary}}\n` }],
    ['in a manifest that is no YAML', { manifest: `${secretManifest}\t- {${canary}\n` }],
    [
      'in a block of lines',
      { manifest: `kind: Secret\napiVersion: v1\nstringData:\n  a: |\n    ${canary}\n    more\n  b: x\n` },
    ],
    ['in a hook', { hooks: [{ name: 'hook', manifest: secretManifest }] }],
    ['in an address', { config: { tea: `postgres://user:${canary}@db/tea` }, manifest: '' }],
  ])('hides what is %s', async (_what, more) => {
    const text = JSON.stringify(open(await show(record(more))))
    expect(leaks(text)).toEqual([])
    expect(text).not.toContain('4111111111111111')
  })

  it.each([
    ['is too large when unpacked', { ...record(), padding: 'x'.repeat(9 * 1024 * 1024) }],
    ['names no release', { chart: {}, config: { password: canary } }],
    ['is no object', [canary]],
  ])('that %s is hidden whole', async (_what, kept) => {
    const { data } = (await show(kept)) as unknown as ReturnType<typeof secretOf>
    expect(Buffer.from(data.release, 'base64').toString()).toMatch(/^chaperone-masked-[0-9a-f]{32}$/)
  })

  it('is hidden whole from those who ask for secrets of all kinds', async () => {
    const list = { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items: [secretOf(seal(record()))] }
    const all = resourceRequest('list', 'secrets', { namespace: 'shop' })
    expect(JSON.stringify(await masked(all, list))).toMatch(new RegExp(base64('chaperone-masked-').slice(0, 20)))
    const helms = { ...all, labelSelector: 'name=kettle,owner=helm' }
    const { items } = (await masked(helms, list)) as unknown as { items: JsonValue[] }
    expect(open(items[0]).name).toBe('kettle')
  })
})

describe('A record that helm writes back', () => {
  const restore = makeRestore({ maskSets, key })
  const stored = json(secretOf(seal(record())))
  const write = (kept: Kept, records: JsonValue[] = [], request = writing) =>
    restore.restore(json(secretOf(seal(kept), request.name)), { stored, records }, request, operator)
  const guard = (body: JsonValue) => () => maskerFor(writing).guardWrite(body, { target: '', contentType: '' })

  it('has its values again, and another state', async () => {
    const shown = open(await show(record()))
    const body = write({ ...shown, info: { ...shown.info, status: 'superseded' } })
    expect(open(body)).toEqual(record({ info: { status: 'superseded', notes: 'Drink tea.' } }))
    expect(guard(body)).not.toThrow()
  })

  it('is refused, with the place named, while one is left', async () => {
    const { config } = open(await show(record()))
    const body = json(secretOf(seal(record({ config: { tea: config['password'] } }))))
    expect(guard(body)).toThrow(/carries a masked value back, at body\.config\.tea/)
  })

  it.each<[string, (shown: Kept) => Kept]>([
    ['under another name', (shown) => ({ ...shown, config: { ...shown.config, tea: shown.config['password'] } })],
    ['in a record of another release', (shown) => ({ ...shown, name: 'other' })],
    [
      'where nothing would hide it any more',
      (shown) => ({ ...shown, manifest: shown.manifest.replace('kind: Secret', 'kind: ConfigMap') }),
    ],
    [
      'in another object of its manifests',
      (shown) => ({ ...shown, manifest: shown.manifest.replace('name: kettle', 'name: other') }),
    ],
  ])('does not get a value %s', async (_what, change) => {
    const body = write(change(open(await show(record()))))
    expect(guard(body)).toThrow(/carries a masked value back/)
  })

  it('does not get a value that only a manifest hid, without that manifest', async () => {
    const kept = record({ config: { tea: canary } })
    const shown = open(await show(kept))
    expect(shown.config['tea']).toMatch(/^chaperone-masked-/)
    const own = json(secretOf(seal(kept)))
    const back = (manifest: string) =>
      restore.restore(json(secretOf(seal({ ...shown, manifest }))), { stored: own }, writing, operator)
    expect(open(back(shown.manifest))).toEqual(kept)
    expect(guard(back('---\n'))).toThrow(/carries a masked value back, at body\.config\.tea/)
  })

  it('and nobody else gets it with what this caller was shown', async () => {
    const shown = open(await show(record()))
    const body = restore.restore(json(secretOf(seal(shown))), { stored }, writing, { ...operator, name: 'mallory' })
    expect(guard(body)).toThrow(/carries a masked value back/)
  })
})

describe('An object of a release', () => {
  const restore = makeRestore({ maskSets, key })
  const records = [json(secretOf(seal(record())))]
  const patching = resourceRequest('patch', 'secrets', { namespace: 'shop', name: 'kettle' })
  const ofRelease = (namespace = 'shop') =>
    json({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'kettle',
        namespace,
        uid: 'u-2',
        annotations: { 'meta.helm.sh/release-name': 'kettle', 'meta.helm.sh/release-namespace': 'shop' },
      },
      data: { password: base64('another') },
    })
  const tokens = async () => {
    const shown = open(await show(record()))
    return { manifest: /password: "([^"]+)"/.exec(shown.manifest)?.[1] ?? '', value: String(shown.config['password']) }
  }
  const patched = (data: JsonObject, request = patching, stored = ofRelease()) =>
    restore.restore({ data }, { stored, records }, request, operator)

  it('gets what a record has for it, whether helm took it from the manifest or rendered it again', async () => {
    const { manifest, value } = await tokens()
    expect(patched({ password: manifest })).toMatchObject({ data: { password: base64(canary) } })
    expect(patched({ password: base64(value) })).toMatchObject({ data: { password: base64(canary) } })
    expect(restore.releaseOf({ data: { password: manifest } }, ofRelease(), patching)).toEqual({
      namespace: 'shop',
      name: 'kettle',
    })
  })

  it('gets nothing under another key, in another object, namespace or kind', async () => {
    const { manifest, value } = await tokens()
    for (const token of [manifest, base64(value)]) {
      expect(patched({ other: token })).toEqual({ data: { other: token } })
      const data = { password: token }
      expect(patched(data, { ...patching, name: 'other' })).toEqual({ data })
      expect(patched(data, { ...patching, namespace: 'elsewhere' }, ofRelease('elsewhere'))).toEqual({ data })
      expect(patched(data, { ...patching, resource: 'configmaps' })).toEqual({ data })
    }
  })
})

describe('Manifests', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('yes', '0777', '~', '', 'a: b', '# c', '-', '1e3'),
  )
  const leaf = fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null))
  const object = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), leaf)),
    { minKeys: 1 },
  )

  it('are read as they are, and one text is replaced while all else stays', () => {
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 3 }), text, fc.nat(), (objects, value, pick) => {
        const source = objects.map((one) => `---\n${stringify(one, { version: '1.2' })}`).join('')
        const read = readManifests(source)
        if (read === undefined) throw new Error(`not read: ${source}`)
        expect(json(read.map((one) => one.object))).toEqual(json(objects))
        const places = read.flatMap((manifest, index) =>
          [...manifest.pieces.keys()].map((path) => ({ manifest, index, path })),
        )
        const place = places[pick % places.length]
        if (place === undefined) return
        const path = JSON.parse(place.path) as string[]
        const changed = rewritten(source, [{ manifest: place.manifest, path, value }]) ?? ''
        const expected = json(objects) as unknown as Record<string, unknown>[]
        let at: Record<string, unknown> = expected[place.index] ?? {}
        for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
        at[path.at(-1) ?? ''] = value
        expect(json(readManifests(changed)?.map((one) => one.object))).toEqual(expected)
      }),
    )
  })

  it('throw nothing, whatever they are', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (source) => void readManifests(source)))
  })
})
