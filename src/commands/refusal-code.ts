import type { ReasonCode } from '../model/decision.ts'
import { exitCode } from './command.ts'

/** 120 to 122 tell a script why its command failed, when policy was the reason. */
export function refusalCode(reason: ReasonCode | undefined): number | undefined {
  switch (reason) {
    case 'still-held':
      return exitCode.held
    case 'approval-expired':
      return exitCode.expired
    case 'reveal-unreviewed':
    case 'limit-reached':
    case 'reason-missing':
    case 'rule-denies':
    case 'watcher-missing':
    case 'no-rule-matches':
    case 'rule-failed':
    case 'unknown-obligation':
    case 'review-denied':
    case 'policy-changed':
      return exitCode.denied
    default:
      return undefined
  }
}
