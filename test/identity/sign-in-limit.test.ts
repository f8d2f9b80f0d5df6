import { expect, it } from 'vitest'
import { SignInLimit } from '../../src/identity/sign-in-limit.ts'

const often = (count: number, run: () => void) => {
  for (let n = 0; n < count; n++) run()
}

it('sixty failures from an address in a minute are enough, and do not count against another', () => {
  let now = 0
  const limit = new SignInLimit(() => now)
  const fail = () => {
    limit.attempt('10.0.0.1')
    limit.failed('10.0.0.1')
  }
  often(60, fail)
  expect(fail).toThrow(expect.objectContaining({ code: 'ERR_QUOTA' }))
  expect(() => limit.attempt('10.0.0.2')).not.toThrow()
  now = 1_000
  expect(fail).not.toThrow()
  expect(fail).toThrow(expect.objectContaining({ code: 'ERR_QUOTA' }))
  now = 62_000
  expect(() => often(60, fail)).not.toThrow()
})

it('failures alone are limited where attempts are not counted', () => {
  const limit = new SignInLimit(() => 0)
  const fail = () => limit.refused('10.0.0.1')
  often(60, fail)
  expect(fail).toThrow(expect.objectContaining({ code: 'ERR_QUOTA' }))
  expect(() => limit.refused('10.0.0.2')).not.toThrow()
})

it('a build farm may sign in six hundred times a minute', () => {
  const limit = new SignInLimit(() => 0)
  expect(() => often(600, () => limit.attempt('10.0.0.1'))).not.toThrow()
  expect(() => limit.attempt('10.0.0.1')).toThrow(expect.objectContaining({ code: 'ERR_QUOTA' }))
})
