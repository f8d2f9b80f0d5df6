import { describe, expect, it } from 'vitest'
import { openPty } from '../../src/terminal/pty.ts'
import { shellEnvironment } from '../../src/terminal/environment.ts'

const env = { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' }
const at = { env, cwd: '/', cols: 80, rows: 24 }

/** Everything a program wrote, and how it ended; `onChunk` may block or pause as a slow terminal does. */
async function collect(command: string[], onChunk?: (pty: ReturnType<typeof openPty>) => void) {
  const pty = openPty({ ...at, command })
  const chunks: Buffer[] = []
  pty.onOutput((bytes) => {
    chunks.push(bytes)
    onChunk?.(pty)
  })
  const { exitStatus } = await pty.exited
  return { output: Buffer.concat(chunks).toString('utf8'), exitStatus }
}

describe('a program on a pty', () => {
  const lines = Array.from({ length: 30_000 }, (_, index) => `${index + 1}\r\n`).join('')

  it('loses nothing when it writes fast and exits at once', async () => {
    for (let round = 0; round < 15; round++) {
      expect((await collect(['seq', '1', '30000'])).output).toBe(lines)
    }
  })

  it('loses nothing when its reader is paused as it exits', async () => {
    const pausing = (pty: ReturnType<typeof openPty>) => {
      pty.pause()
      setTimeout(() => pty.resume(), 30)
    }
    for (let round = 0; round < 3; round++) {
      expect((await collect(['seq', '1', '8000'], pausing)).output).toBe(lines.slice(0, lines.indexOf('8001')))
    }
  })

  it('loses nothing when the reader blocks longer than the library waits', async () => {
    let blocked = false
    const block = () => {
      if (blocked) return
      blocked = true
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
    }
    expect((await collect(['seq', '1', '2000'], block)).output).toBe(lines.slice(0, lines.indexOf('2001')))
  })

  it.each([
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'kill -TERM $$'], 143],
    [['sh', '-c', 'kill -KILL $$'], 137],
  ])('%j ends with status %d', async (command, status) => {
    expect((await collect(command)).exitStatus).toBe(status)
  })

  it('ends with its whole group when the terminal hangs up, even if it ignores the signal', async () => {
    const pty = openPty({ ...at, command: ['sh', '-c', 'trap "" HUP; echo ready; sleep 60 & wait; sleep 60'] })
    pty.onOutput((bytes) => {
      if (bytes.includes('ready')) pty.hangUp()
    })
    expect((await pty.exited).exitStatus).toBe(137)
  })

  it('is not held up by a background job that keeps the terminal', async () => {
    const { output, exitStatus } = await collect(['sh', '-c', '(trap "" HUP; sleep 20) & echo done'])
    expect([output, exitStatus]).toEqual(['done\r\n', 0])
  })
})

describe('the environment of what is supervised', () => {
  const session = { kubeconfig: '/run/k', sessionID: 's-1', kubectlFolder: '/bundled' }

  it('names no other terminal, no other road to a cluster, and nothing of the broker', () => {
    const inside = shellEnvironment(
      {
        PATH: '/bin',
        HOME: '/users/ana',
        TMUX: '/tmp/tmux',
        TMUX_PANE: '%1',
        STY: 'x',
        TERM_PROGRAM: 'tmux',
        COLUMNS: '80',
        KUBECONFIG: '/users/ana/.kube/config',
        KUBERNETES_SERVICE_HOST: '10.0.0.1',
        HELM_KUBETOKEN: 'secret',
        CHAPERONE_REVIEWER_TOKEN_FILE: '/users/ana/token',
        NODE_ENV: 'production',
      },
      session,
    )
    expect(inside).toEqual({
      PATH: '/bin:/bundled',
      HOME: '/users/ana',
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      KUBECONFIG: '/run/k',
      CHAPERONE_SESSION: 's-1',
    })
  })

  it("keeps the user's own kubectl first", () => {
    const { kubectlFolder: _, ...own } = session
    expect(shellEnvironment({ PATH: '/bin' }, own)['PATH']).toBe('/bin')
  })
})
