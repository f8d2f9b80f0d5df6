import type { Fields } from '../state/objects.ts'
import { customResourceDefinitions } from '../resources/apiextensions.ts'
import { resourcesOf } from '../custom/served.ts'
import type { Planter } from './planter.ts'

const shop = 'shop.brightwater.example'

const text: Fields = { type: 'string' }
const count = (minimum: number): Fields => ({ type: 'integer', minimum })

const blendSchema: Fields = {
  type: 'object',
  description: 'A tea of several leaves, as it is mixed and sold.',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['leaves'],
      properties: {
        leaves: { type: 'array', items: text, 'x-kubernetes-list-type': 'set', description: 'What it is mixed of.' },
        caffeine: { ...text, enum: ['none', 'low', 'high'], default: 'low', description: 'How much it wakes.' },
        tins: { ...count(0), default: 1, description: 'Tins to keep on the shelf.' },
      },
    },
    status: { type: 'object', properties: { tins: count(0), shelf: text } },
  },
}

const column = (name: string, jsonPath: string, type = 'string'): Fields => ({ name, jsonPath, type })

const blendColumns = [
  column('Caffeine', '.spec.caffeine'),
  column('Tins', '.status.tins', 'integer'),
  column('Age', '.metadata.creationTimestamp', 'date'),
]

const blendVersion = (name: string, storage: boolean): Fields => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: blendSchema },
  additionalPrinterColumns: blendColumns,
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.tins', statusReplicasPath: '.status.tins' },
  },
})

const syncSchema: Fields = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { store: text, key: text, target: text, refreshInterval: { ...text, default: '1h' } },
    },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
}

/** Two kinds of the shop's own, with objects of them. */
export function seedCustom(planter: Planter): void {
  plantKind(
    planter,
    'teablends',
    'TeaBlend',
    { shortNames: ['tb'], categories: ['all'] },
    [blendVersion('v1', true), blendVersion('v1beta1', false)],
    [
      {
        name: 'earl-grey',
        namespace: 'shop-production',
        spec: { leaves: ['assam', 'bergamot'], caffeine: 'high', tins: 40 },
        status: { tins: 37, shelf: 'A3' },
      },
      {
        name: 'evening',
        namespace: 'shop-production',
        spec: { leaves: ['rooibos', 'vanilla'], caffeine: 'none', tins: 25 },
        status: { tins: 25, shelf: 'B1' },
      },
      { name: 'first-try', namespace: 'shop-staging', spec: { leaves: ['sencha'] }, status: { tins: 1, shelf: 'lab' } },
    ],
  )
  plantKind(
    planter,
    'secretsyncs',
    'SecretSync',
    {},
    [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: syncSchema },
        additionalPrinterColumns: [
          column('Store', '.spec.store'),
          column('Ready', '.status.conditions[?(@.type=="Ready")].status'),
        ],
        subresources: { status: {} },
      },
    ],
    [
      {
        name: 'payment-provider',
        namespace: 'shop-production',
        annotations: { 'shop.brightwater.example/vault-token': 'hvs.CAESIJ7-practice-only' },
        spec: { store: 'vault', key: 'shop/payment', target: 'payment-provider' },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          lastValue: 'sk_live_practice_8842',
          refreshedAt: '2026-11-01T04:00:00Z',
        },
      },
    ],
  )
}

interface Planted {
  readonly name: string
  readonly namespace: string
  readonly annotations?: Record<string, string>
  readonly spec: Fields
  readonly status: Fields
}

function plantKind(
  planter: Planter,
  plural: string,
  kind: string,
  names: Fields,
  versions: readonly Fields[],
  objects: readonly Planted[],
): void {
  const name = `${plural}.${shop}`
  const now = '2026-01-01T00:00:00Z'
  const accepted = { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List`, ...names }
  const condition = (type: string, reason: string, message: string) => ({
    lastTransitionTime: now,
    message,
    reason,
    status: 'True',
    type,
  })
  const definition = planter.plant(
    customResourceDefinitions,
    { name, days: 120 },
    {
      spec: { group: shop, scope: 'Namespaced', names: accepted, versions: [...versions] },
      status: {
        acceptedNames: accepted,
        conditions: [
          condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
          condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
        ],
        storedVersions: [String(versions[0]?.['name'])],
      },
    },
  )
  const [resource] = resourcesOf(definition)
  if (resource === undefined) throw new Error(`The seed serves no ${kind}.`)
  for (const { spec, status, ...given } of objects) planter.plant(resource, { ...given, days: 64 }, { spec, status })
}
