import { expect, test } from 'vitest'
import { openPty } from './pty.ts'

test('a shell is typed to, its screen read, and its exit status kept', async () => {
  await using shell = openPty('sh', [], { cols: 40, rows: 5, env: { PS1: 'ready> ' } })
  await shell.waitForScreen('ready>')
  shell.type('echo $((40 + 2)) grüße\r')
  await shell.waitForScreen(/^42 grüße\nready>/m)
  expect(shell.row(0)).toBe('ready> echo $((40 + 2)) grüße')
  shell.type('stty size\r')
  await shell.waitForScreen(/^5 40$/m)
  shell.resize(60, 7)
  shell.type('stty size; exit 3\r')
  expect(await shell.exit).toEqual({ code: 3, signal: 0 })
  expect(shell.text()).toContain('7 60')
})

test('everything a program writes in its last moment is there at its exit', async () => {
  await using program = openPty('sh', ['-c', 'seq 1 20000'])
  await program.exit
  expect(program.output().split('\r\n').slice(-3)).toEqual(['19999', '20000', ''])
  expect(program.row(-2)).toBe('20000')
})

test('a program that asks the terminal where its cursor stands gets an answer', async () => {
  await using program = openPty('sh', [
    '-c',
    String.raw`stty -echo -icanon min 6 time 50; printf 'ab\033[6n'; dd bs=6 count=1 2>/dev/null | od -An -c`,
  ])
  await program.waitForScreen('033   [   1   ;   3   R')
})

test('what never appears is an error that shows the screen', async () => {
  await using program = openPty('sh', ['-c', 'echo something else'])
  await expect(program.waitForScreen('wanted')).rejects.toThrow(/'wanted' never appeared:\nsomething else/)
  await using silent = openPty('cat', [])
  await expect(silent.waitForScreen('wanted', 50)).rejects.toThrow("'wanted' did not appear in time")
})

test('disposal ends a program that does not want to', async () => {
  const stubborn = openPty('sh', ['-c', `trap '' HUP TERM INT; echo up; while :; do sleep 60; done`])
  await stubborn.waitForScreen('up')
  await stubborn[Symbol.asyncDispose]()
  expect(() => process.kill(stubborn.pid, 0)).toThrow('ESRCH')
})

test('the alternate screen is told from the main one', async () => {
  await using program = openPty('sh', ['-c', String.raw`printf '\033[?1049hfull'; read line; printf '\033[?1049lback'`])
  await program.waitForScreen('full')
  expect(program.onAlternateScreen).toBe(true)
  program.type('\r')
  await program.waitForScreen('back')
  expect(program.onAlternateScreen).toBe(false)
})
