import { parse } from 'yaml'
import { Fault } from '../../model/fault.ts'
import { stringifyJson } from '../../stream/json.ts'
import { parseProtobuf } from '../../stream/protobuf/envelope.ts'
import { ApiFailure, badRequest, tooLarge, unsupportedMediaType } from '../failure.ts'
import { groupVersion, type Resource } from '../resources/resource.ts'
import { JsonSyntaxError, parseMerging } from '../schema/json.ts'
import { mediaTypes } from './accept.ts'

/** Bytes of a request body the API server reads (k8s.io/apiserver MaxRequestBodyBytes); bounds memory. */
const bodyLimitBytes = 3 * 1024 * 1024

/** The whole body; 413 above the limit, after the rest was read and dropped so that the caller hears the answer. */
export async function readBody(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= bodyLimitBytes) chunks.push(chunk)
  }
  if (size > bodyLimitBytes) throw tooLarge(bodyLimitBytes)
  return Buffer.concat(chunks)
}

const protobufType = 'application/vnd.kubernetes.protobuf'

const objectTypes = ['application/json', 'application/yaml', protobufType]

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

export type PatchType = (typeof patchTypes)[number]

/** Where an object is sent to, as its path says. */
interface Place {
  readonly resource: Resource
  readonly subresource: string
  readonly verb: string
}

/** The JSON value of an object's body; no Content-Type means JSON, as upstream. */
export function decodeObject(
  contentType: string,
  body: Buffer,
  place: Place,
  duplicate: (path: string) => void = () => {},
): unknown {
  const type = mediaTypes(contentType)[0]?.type || 'application/json'
  if (!objectTypes.includes(type)) throw unsupportedMediaType(objectTypes)
  if (type === protobufType) return decodeProtobuf(body, place)
  return type === 'application/yaml' ? decodeYaml(body) : decodeMerging(body, duplicate)
}

export function decodePatch(contentType: string, body: Buffer): { readonly type: PatchType; readonly patch: unknown } {
  const given = mediaTypes(contentType)[0]?.type ?? ''
  const type = patchTypes.find((one) => one === given)
  if (type === undefined) throw unsupportedMediaType(patchTypes)
  return { type, patch: type === 'application/apply-patch+yaml' ? decodeYaml(body) : decodeJson(body) }
}

function decodeProtobuf(body: Buffer, { resource, subresource, verb }: Place): unknown {
  const deletes = verb === 'delete' || verb === 'deletecollection'
  const full = subresource === '' ? resource.plural : `${resource.plural}/${subresource}`
  try {
    return JSON.parse(
      stringifyJson(parseProtobuf(body, { groupVersion: groupVersion(resource), resource: full, deletes })),
    )
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    if (thrown.code === 'ERR_MEDIA_TYPE') throw new ApiFailure(415, 'UnsupportedMediaType', thrown.message)
    throw badRequest(`unable to decode the body as protobuf: ${thrown.message}`)
  }
}

/** JSON of an object: what comes twice is merged, unlike in patches. */
function decodeMerging(body: Buffer, duplicate: (path: string) => void): unknown {
  try {
    return parseMerging(body.toString('utf8'), duplicate)
  } catch (thrown) {
    if (!(thrown instanceof JsonSyntaxError)) throw thrown
    throw badRequest(`couldn't get version/kind; json parse error: ${thrown.message}`)
  }
}

function decodeJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch (cause) {
    throw badRequest(`couldn't get version/kind; json parse error: ${String(cause)}`)
  }
}

function decodeYaml(body: Buffer): unknown {
  try {
    return parse(body.toString('utf8')) as unknown
  } catch (cause) {
    throw badRequest(`error converting YAML to JSON: ${String(cause)}`)
  }
}
