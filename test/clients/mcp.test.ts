import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { startPractice } from '../../src/practice/server.ts'
import { temporaryFolder } from '../support/tmp.ts'
import { mcpServer } from './clients.ts'
import { through } from './through.ts'

interface Reply {
  readonly id?: number
  readonly result?: {
    readonly tools?: readonly { name: string }[]
    readonly content?: readonly { text: string }[]
    readonly isError?: boolean
  }
}

/** Speaks the Model Context Protocol over standard input and output: one JSON-RPC message per line. */
async function startMcp(kubeconfig: string) {
  const child = spawn(await mcpServer(), ['--kubeconfig', kubeconfig, '--toolsets', 'core,config,helm'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const waiting = new Map<number, (reply: Reply) => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as Reply
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply)
  })
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  let last = 0
  const ask = (method: string, params: object) => {
    last += 1
    const { promise, resolve } = Promise.withResolvers<Reply>()
    waiting.set(last, resolve)
    send({ id: last, method, params })
    return promise
  }
  const clientInfo = { name: 'story', version: '1' }
  await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })
  send({ method: 'notifications/initialized' })
  return {
    tools: async () => ((await ask('tools/list', {})).result?.tools ?? []).map(({ name }) => name),
    call: async (name: string, args: object = {}) => {
      const { result } = await ask('tools/call', { name, arguments: args })
      return { text: (result?.content ?? []).map(({ text }) => text).join('\n'), failed: result?.isError === true }
    },
    [Symbol.asyncDispose]: async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      child.once('exit', () => resolve())
      child.kill()
      await promise
    },
  }
}

const roads = ['directly', 'through the broker'] as const

test.each(roads)('an MCP server reads, writes and runs %s', { timeout: 60_000 }, async (road) => {
  await using folder = await temporaryFolder()
  const practice = await startPractice({ host: '127.0.0.1', port: 0 })
  try {
    await using parts = new AsyncDisposableStack()
    const kubeconfig = join(folder.path, 'kubeconfig')
    const broker = road === 'directly' ? practice : parts.use(await through(practice.kubeconfig))
    await writeFile(kubeconfig, broker.kubeconfig)
    await using mcp = await startMcp(kubeconfig)
    expect(await mcp.tools()).toContain('pods_list_in_namespace')

    const said = async (name: string, args: object = {}) => {
      const { text, failed } = await mcp.call(name, args)
      expect(failed, `${name}: ${text}`).toBe(false)
      return text
    }
    const namespace = 'shop-production'
    expect(await said('namespaces_list')).toContain(namespace)
    expect(await said('pods_list_in_namespace', { namespace })).toContain('loyalty-points')
    const place = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'from-mcp' }
    const resource = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'from-mcp', namespace },
      data: { a: 'b' },
    })
    expect(await said('resources_create_or_update', { resource })).toContain('from-mcp')
    expect(await said('resources_get', place)).toContain('a: b')
    expect(await said('resources_list', { apiVersion: 'apps/v1', kind: 'Deployment', namespace })).toContain('checkout')
    await said('resources_delete', place)
    expect((await mcp.call('resources_get', place)).text).toContain('not found')
    expect(await said('events_list', { namespace })).toContain('BackOff')
    await said('pods_run', { namespace, name: 'runner', image: 'busybox:1.35' })
  } finally {
    await practice.close()
  }
})
