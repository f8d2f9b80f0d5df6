import { expect, test } from 'vitest'
import { acceptJson } from '../../src/proxy/media.ts'

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

test.each([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['application/json, */*', 'application/json'],
  ['application/vnd.kubernetes.protobuf,application/json', 'application/json'],
  [
    `${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
    `${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
  ],
  [
    'application/json; g=meta.k8s.io; as=PartialObjectMetadata; v=v1',
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  ],
  ['APPLICATION/JSON', 'application/json'],
  ['application/cbor;q=0.9, application/json;q=0.1', 'application/json'],
  ['application/json;as=Anything;v=v1;g=meta.k8s.io,application/json', 'application/json'],
  ['application/json;as=Table;v=v1;g="evil,application/yaml"', undefined],
  ['application/json;q=0', undefined],
  ['application/yaml', undefined],
  ['application/vnd.kubernetes.protobuf', undefined],
  ['application/vnd.kubernetes.protobuf;stream=watch,application/json;stream=watch', 'application/json'],
])('%j becomes %j', (accept, expected) => {
  expect(acceptJson(accept)).toBe(expected)
})
