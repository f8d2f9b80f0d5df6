import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import { badRequest, tooLarge, unsupportedMediaType } from '../failure.ts'
import { mediaTypes } from './accept.ts'

/** Bytes of a request body the API server reads (k8s.io/apiserver MaxRequestBodyBytes); bounds memory. */
const bodyLimitBytes = 3 * 1024 * 1024

/** The whole body; 413 above the limit, after the rest was read and dropped so that the caller hears the answer. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= bodyLimitBytes) chunks.push(chunk)
  }
  if (size > bodyLimitBytes) throw tooLarge(bodyLimitBytes)
  return Buffer.concat(chunks)
}

const objectTypes = ['application/json', 'application/yaml']

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

export type PatchType = (typeof patchTypes)[number]

/** The JSON value of an object's body; no Content-Type means JSON, as upstream. */
export function decodeObject(contentType: string, body: Buffer): unknown {
  const type = mediaTypes(contentType)[0]?.type || 'application/json'
  if (!objectTypes.includes(type)) throw unsupportedMediaType(type, objectTypes)
  return type === 'application/yaml' ? decodeYaml(body) : decodeJson(body)
}

export function decodePatch(contentType: string, body: Buffer): { readonly type: PatchType; readonly patch: unknown } {
  const given = mediaTypes(contentType)[0]?.type ?? ''
  const type = patchTypes.find((one) => one === given)
  if (type === undefined) throw unsupportedMediaType(given, patchTypes)
  return { type, patch: type === 'application/apply-patch+yaml' ? decodeYaml(body) : decodeJson(body) }
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
