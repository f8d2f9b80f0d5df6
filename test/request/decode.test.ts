import { describe as suite, expect, test } from 'vitest'
import { describe } from '../../src/request/attributes.ts'
import { canonicalRequest } from '../../src/request/canonical.ts'
import { bodyName, decodeBody, MAX_BODY_BYTES, mediaType, withBody } from '../../src/request/decode.ts'
import { equivalentCommand } from '../../src/request/kubectl.ts'
import { parseTarget } from '../../src/request/target.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const fault = (code: string) => expect.objectContaining({ code })

function decode(method: string, type: string, body: string, target = '/api/v1/namespaces/default/configmaps') {
  const request = describe(method, parseTarget(target), type)
  const decoded = decodeBody(method, type, bytes(body), request)
  return { ...decoded, text: new TextDecoder().decode(decoded.bytes), request: withBody(request, decoded) }
}

suite('what a body means', () => {
  test('JSON is re-written without spaces and otherwise unchanged', () => {
    const decoded = decode('POST', 'application/json', '{ "kind": "ConfigMap",\n "data": {"n": 1.50} }')
    expect(decoded.text).toBe('{"kind":"ConfigMap","data":{"n":1.50}}')
    expect(decoded.contentType).toBe('application/json')
  })

  test('no body stays no body', () => {
    expect(decode('DELETE', 'application/json', '')).toMatchObject({ text: '', contentType: '' })
  })

  test('duplicate keys are refused in objects and in patches', () => {
    expect(() => decode('POST', 'application/json', '{"spec":{},"spec":{}}')).toThrow(fault('ERR_BODY'))
    const patch = '[{"op":"add","op":"remove","path":"/x"}]'
    expect(() => decode('PATCH', 'application/json-patch+json', patch)).toThrow(fault('ERR_BODY'))
  })

  test('only an object can be created, only a list of operations is a JSON patch', () => {
    expect(() => decode('POST', 'application/json', '[]')).toThrow(fault('ERR_BODY'))
    expect(() => decode('PATCH', 'application/json-patch+json', '{}')).toThrow(fault('ERR_BODY'))
    expect(() => decode('PATCH', 'application/json-patch+json', '[1]')).toThrow(fault('ERR_BODY'))
    expect(decode('PATCH', 'application/json-patch+json', '[]').text).toBe('[]')
  })

  test('a read carries no body', () => {
    expect(() => decode('GET', 'application/json', '{}')).toThrow(fault('ERR_BODY'))
  })

  test('the namespace of the body must be the one of the target', () => {
    const body = (namespace: string) => JSON.stringify({ metadata: { name: 'x', namespace } })
    expect(decode('POST', 'application/json', body('default')).text).toBe(body('default'))
    expect(() => decode('POST', 'application/json', body('kube-system'))).toThrow(fault('ERR_BODY'))
    expect(() => decode('PATCH', 'application/merge-patch+json', body('kube-system'))).toThrow(fault('ERR_BODY'))
  })

  test('a body over the bound is refused', () => {
    const request = describe('POST', parseTarget('/api/v1/namespaces'), '')
    const big = new Uint8Array(MAX_BODY_BYTES + 1)
    expect(() => decodeBody('POST', 'application/json', big, request)).toThrow(fault('ERR_BODY_TOO_LARGE'))
  })
})

suite('content types', () => {
  test('absent means JSON, charset=utf-8 is the only parameter', () => {
    expect(mediaType(undefined)).toBe('application/json')
    expect(mediaType('Application/JSON; charset=UTF-8')).toBe('application/json')
    expect(() => mediaType('application/json; charset=utf-16')).toThrow(fault('ERR_MEDIA_TYPE'))
  })

  test('bytes that are no protobuf are refused with a way out, CBOR and text plainly', () => {
    const media = (type: string) => () => decode('POST', type, 'k8s')
    expect(media('application/vnd.kubernetes.protobuf')).toThrow(
      expect.objectContaining({ code: 'ERR_MEDIA_TYPE', advice: expect.stringContaining('kubectl apply -f') }),
    )
    expect(media('application/cbor')).toThrow(fault('ERR_MEDIA_TYPE'))
    expect(media('text/plain')).toThrow(fault('ERR_MEDIA_TYPE'))
    expect(() => decode('PATCH', 'application/json', '{}')).toThrow(fault('ERR_MEDIA_TYPE'))
    expect(() => decode('PATCH', 'application/apply-patch+cbor', 'x')).toThrow(fault('ERR_MEDIA_TYPE'))
  })
})

suite('YAML', () => {
  const yaml = (text: string) => decode('POST', 'application/yaml', text).text

  test('goes upstream as JSON', () => {
    expect(decode('POST', 'application/yaml', 'a: 1\n').contentType).toBe('application/json')
    expect(decode('PATCH', 'application/apply-patch+yaml', 'a: 1\n')).toMatchObject({
      contentType: 'application/apply-patch+yaml',
      text: '{"a":1}',
    })
    expect(yaml('kind: ConfigMap\nmetadata:\n  name: "x"\ndata: {a: "1", b: c}\n')).toBe(
      '{"kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1","b":"c"}}',
    )
    expect(yaml('a: |\n  two\n  lines\nnone: null\nt: true\nf: false\nx: -1.5\nbig: 9007199254740993\ne:\n')).toBe(
      '{"a":"two\\nlines\\n","none":null,"t":true,"f":false,"x":-1.5,"big":9007199254740993,"e":null}',
    )
  })

  test.each([
    ['duplicate keys', 'a: 1\na: 2\n'],
    ['duplicate keys in a flow map', '{a: 1, "a": 2}'],
    ['anchors', 'a: &x 1\n'],
    ['aliases', 'a: &x 1\nb: *x\n'],
    ['merge keys', 'a:\n  <<: {b: 1}\n'],
    ['tags', 'a: !!binary aGk=\n'],
    ['two documents', 'a: 1\n---\nb: 2\n'],
    ['directives', '%YAML 1.1\n---\na: 1\n'],
    ['keys that are no strings', '1: a\n'],
    ['yes', 'a: yes\n'],
    ['off', 'a: Off\n'],
    ['octal numbers', 'a: 0644\n'],
    ['numbers with underscores', 'a: 1_000\n'],
    ['base-60 numbers', 'a: 12:30:45\n'],
    ['dates', 'a: 2026-11-23\n'],
    ['infinity', 'a: .inf\n'],
    ['tabs as indentation', 'a:\n\tb: 1\n'],
    ['a list', '- 1\n'],
    ['nothing', '# empty\n'],
  ])('refuses %s', (_name, text) => {
    expect(() => yaml(text)).toThrow(fault('ERR_BODY'))
  })

  const keys = Array.from({ length: 30_000 }, (_, index) => `k${index}`)

  test('many keys take no more than their share of time', { timeout: 4_000 }, () => {
    expect(Object.keys(JSON.parse(yaml(`{${keys.join(',')}}`)) as object)).toEqual(keys)
    expect(() => yaml(`{${[...keys, 'k7'].join(',')}}`)).toThrow(/"k7" appears twice/)
  })

  test('a body over 256 KiB is refused with a way out; the same as JSON is read', () => {
    const long = 'x'.repeat(256 * 1024)
    expect(() => yaml(`a: ${long}`)).toThrow(
      expect.objectContaining({ code: 'ERR_BODY_TOO_LARGE', advice: 'Send it as JSON.' }),
    )
    expect(decode('PATCH', 'application/apply-patch+yaml', `{"a":"${long}"}`).text).toHaveLength(long.length + 8)
  })
})

suite('dry run of a delete', () => {
  const target = '/api/v1/namespaces/default/configmaps/x?dryRun=All'
  const dryRun = (body: string) => {
    const { request } = decode('DELETE', 'application/json', body, target)
    return request.kind === 'resource' && request.dryRun
  }

  test('counts only where the API server would look: the body, when there is one', () => {
    expect(dryRun('')).toBe(true)
    expect(dryRun('{"dryRun":["All"]}')).toBe(true)
    expect(dryRun('{"propagationPolicy":"Background"}')).toBe(false)
    expect(dryRun('{"dryRun":[]}')).toBe(false)
  })

  test('the body alone does not make a request one', () => {
    const { request } = decode('DELETE', 'application/json', '{"dryRun":["All"]}', target.replace('?dryRun=All', ''))
    expect(request).toMatchObject({ dryRun: false })
  })
})

suite('digest and command', () => {
  test('every part counts, and parts cannot flow into each other', () => {
    const base = { method: 'POST', target: '/a', contentType: 'application/json', body: bytes('{}') }
    const variants = [
      base,
      { ...base, method: 'PUT' },
      { ...base, target: '/b' },
      { ...base, contentType: '' },
      { ...base, body: bytes('[]') },
      { ...base, method: 'POST/', target: 'a' },
    ]
    const digests = new Set(variants.map((variant) => canonicalRequest(variant).digest))
    expect(digests.size).toBe(variants.length)
    expect(canonicalRequest(base).digest).toMatch(/^[0-9a-f]{64}$/)
  })

  test('a create is named by its body', () => {
    const { request, value } = decode('POST', 'application/json', '{"metadata":{"name":"app-config"}}')
    expect(equivalentCommand(request, [], bodyName(value))).toBe('kubectl create configmap app-config -n default')
  })

  test('what a shell or a screen could trip over is quoted', () => {
    const target = parseTarget(
      `/api/v1/namespaces/default/pods/web/exec?command=sh&command=-c&command=${encodeURIComponent("echo 'x'; rm\n\u202e")}`,
    )
    expect(equivalentCommand(describe('POST', target, ''), target.query)).toBe(
      "kubectl exec web -n default -- sh -c $'echo \\'x\\'; rm\\n\\u202e'",
    )
    const selector = parseTarget(`/api/v1/pods?labelSelector=${encodeURIComponent("a in (it's)")}`)
    expect(equivalentCommand(describe('GET', selector, ''), selector.query)).toBe(
      `kubectl get pods -l 'a in (it'\\''s)'`,
    )
  })
})
