import type { RequestNote } from '../../src/control/contract.ts'
import { shortCommand } from './held.ts'
import { count } from './notices.ts'
import { plain } from './plain.ts'

/** What was decided on an ended request, in a few words: `allowed`, `denied`, `held, approved by rita`. */
export function decisionWords({ decision, reason, reviewers, statusCode, heldID }: RequestNote): string {
  if (decision === 'deny') return 'denied'
  if (neverWaited({ decision, heldID })) return `refused, ${endWords(reason.code)}`
  if (decision === 'allow' && reason.code === 'rule-allows' && statusCode >= 400)
    return `allowed, answered ${statusCode}`
  if (decision === 'allow') return reason.code === 'rule-allows' ? 'allowed' : `allowed, but ${endWords(reason.code)}`
  const by = reviewers.length === 0 ? '' : ` by ${plain(reviewers.join(', '))}`
  switch (reason.code) {
    case 'review-approved':
      return `held, approved${by}`
    case 'review-denied':
      return `held, denied${by}`
    case 'confirmed':
      return 'held, confirmed'
    case 'approval-expired':
      return 'held, expired'
    case 'withdrawn':
      return 'held, withdrawn'
    case 'still-held':
      return 'held, waits for review'
    default:
      return `held, ${by !== '' && statusCode < 400 ? `approved${by}, ` : ''}${endWords(reason.code)}`
  }
}

/** A rule would have held it, but it was refused at once: nothing waits, and nobody can release it. */
export function neverWaited({ decision, heldID }: Pick<RequestNote, 'decision' | 'heldID'>): boolean {
  return decision === 'hold' && heldID === ''
}

/** `denied: exec coredns -n kube-system -- sh (default/system)`. */
export function denialWords({ command, reason }: RequestNote): string {
  const rule = reason.rule === undefined ? '' : ` (${reason.rule})`
  return plain(`denied: ${shortCommand({ command })}${rule}`)
}

/** `3 values masked`, or nothing. */
export function maskedWords(masked: number): string {
  return masked === 0 ? '' : `${count(masked, 'value')} masked`
}

/** `85 ms`, `1.2 s`, `3m 5s`: how long something took, in milliseconds. */
export function took(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)}m ${Math.floor((ms % 60_000) / 1000)}s`
}

/** Why something that could have run did not: `client gone`, from the reason's own code. */
function endWords(code: string): string {
  return code.replaceAll('-', ' ')
}
