import { notAcceptable } from '../failure.ts'

/** The form an answer takes: the object itself, or one of the meta.k8s.io transformations. */
export interface Form {
  readonly as: 'Object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  readonly version: 'v1' | 'v1beta1'
}

const plain: Form = { as: 'Object', version: 'v1' }

/** The first member of an Accept header that can be served as JSON; 406 when there is none. */
export function acceptedForm(header: string): Form {
  if (header.trim() === '') return plain
  for (const member of mediaTypes(header)) {
    const form = formOf(member)
    if (form !== undefined) return form
  }
  throw notAcceptable()
}

/** A media type with its parameters, names in lower case. */
export interface MediaType {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
}

export function mediaTypes(header: string): readonly MediaType[] {
  return header.split(',').map((member) => {
    const [type = '', ...parameters] = member.split(';').map((part) => part.trim())
    const pairs = parameters.map((parameter) => {
      const [key = '', ...value] = parameter.split('=')
      return [key.toLowerCase(), value.join('=')] as const
    })
    return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) }
  })
}

function formOf({ type, parameters }: MediaType): Form | undefined {
  if (!['application/json', 'application/*', '*/*'].includes(type)) return undefined
  const { as, g: group, v: version } = parameters
  if (as === undefined) return plain
  if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined
  if (as !== 'Table' && as !== 'PartialObjectMetadata' && as !== 'PartialObjectMetadataList') return undefined
  return { as, version }
}
