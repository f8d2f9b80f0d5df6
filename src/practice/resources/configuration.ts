import type { Cause } from '../failure.ts'
import {
  isFields,
  read,
  readFields,
  readList,
  readText,
  sameJson,
  type Fields,
  type KubeObject,
} from '../state/objects.ts'
import { age, column, integer, name } from './columns.ts'
import { wrong } from './podspec.ts'
import { resource } from './resource.ts'

const entries = (object: KubeObject, ...paths: string[]) =>
  paths.reduce((sum, path) => sum + Object.keys(readFields(object, path)).length, 0)

const encoded = (text: unknown) => Buffer.from(String(text), 'utf8').toString('base64')

/** stringData is write-only: it lands in data, base64 (core/v1 Secret). */
function completeSecret(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret
  const data: Fields = {
    ...readFields(secret, 'data'),
    ...Object.fromEntries(
      Object.entries(isFields(stringData) ? stringData : {}).map(([key, text]) => [key, encoded(text)]),
    ),
  }
  return {
    ...rest,
    ...(Object.keys(data).length === 0 ? {} : { data }),
    type: readText(secret, 'type') || 'Opaque',
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function validateSecret(secret: KubeObject, old?: KubeObject): Cause[] {
  const undecodable = Object.entries(readFields(secret, 'data')).filter(
    ([, value]) => typeof value !== 'string' || !base64.test(value.replaceAll(/[\r\n]/g, '')),
  )
  return [
    ...undecodable.map(([key]) => wrong(`data[${key}]`, '<hidden>', 'illegal base64 data')),
    ...(old !== undefined && !sameJson(old['type'], secret['type'])
      ? [wrong('type', secret['type'], 'field is immutable')]
      : []),
    ...frozen(secret, old),
  ]
}

function frozen(object: KubeObject, old?: KubeObject): Cause[] {
  if (old === undefined || read(old, 'immutable') !== true) return []
  const changed = ['data', 'binaryData', 'immutable'].filter((field) => !sameJson(old[field], object[field]))
  return changed.map((field) => ({
    reason: 'FieldValueForbidden',
    field,
    message: 'Forbidden: field is immutable when `immutable` is set',
  }))
}

export const secrets = resource({
  plural: 'secrets',
  kind: 'Secret',
  columns: [
    name,
    column('Type', (secret) => readText(secret, 'type')),
    integer('Data', (secret) => entries(secret, 'data')),
    age,
  ],
  fields: { type: (secret) => readText(secret, 'type') },
  complete: completeSecret,
  validate: validateSecret,
})

export const configMaps = resource({
  plural: 'configmaps',
  kind: 'ConfigMap',
  shortNames: ['cm'],
  columns: [name, integer('Data', (object) => entries(object, 'data', 'binaryData')), age],
  validate: frozen,
})

export const serviceAccounts = resource({
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  shortNames: ['sa'],
  subresources: [
    {
      name: 'token',
      verbs: ['create'],
      kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    },
  ],
  columns: [name, integer('Secrets', (object) => readList(object, 'secrets').length), age],
})
