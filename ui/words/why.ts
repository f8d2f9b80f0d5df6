import { annotation, type AuditEvent } from '../../src/model/audit.ts'

/** A journal line as three sentences: what was asked, what was decided and why, how it ended or what to do. */
export function explainEvent(event: AuditEvent): string {
  return [asked(event), decided(event), ended(event)].map(oneLine).join('\n')
}

function asked(event: AuditEvent): string {
  const command = note(event, 'command') || `${event.verb} ${event.requestURI}`
  const claimed = note(event, 'claimedCommand')
  const claim = claimed === '' ? '' : ` The client says it was running \`${claimed}\`.`
  return `${event.user.username || 'Someone not signed in'} asked for \`${command}\` at ${event.requestReceivedTimestamp}.${claim}`
}

function decided(event: AuditEvent): string {
  const rules = note(event, 'rules')
  const by = rules === '' ? 'no rule spoke' : `the rules that spoke: ${rules}`
  const words = { allow: 'It was allowed', hold: 'It was held', deny: 'It was refused' }
  const verb = words[note(event, 'decision') as keyof typeof words] ?? 'It was refused before policy looked at it'
  const message = note(event, 'message')
  return `${verb} (${note(event, 'reason') || 'no reason recorded'}; ${by})${message === '' ? '.' : `: ${message}`}`
}

function ended(event: AuditEvent): string {
  if (event.stage !== 'ResponseComplete') return 'It is not finished yet.'
  const code = event.responseStatus?.code ?? 0
  const reviewer = note(event, 'reviewer')
  const by = reviewer === '' ? '' : `, decided by ${reviewer}`
  const masked = note(event, 'masked')
  const hidden = masked === '' || masked === '0' ? '' : ` ${masked} values were hidden in the answer.`
  return `It ended as ${note(event, 'outcome') || 'unknown'} with status ${code}${by}.${hidden} ${advice(event)}`.trimEnd()
}

function advice(event: AuditEvent): string {
  switch (note(event, 'reason')) {
    case 'no-rule-matches':
      return 'To let it pass, add a rule that allows it to the policy.'
    case 'rule-denies':
    case 'rule-failed':
      return 'To let it pass, the named rule has to change.'
    case 'approval-expired':
      return 'To let it pass, ask again while a reviewer is there.'
    case 'still-held':
      return `To let it pass, have ${note(event, 'held') || 'it'} approved and repeat the same command.`
    case 'review-denied':
      return 'To let it pass, talk to the reviewer and ask again.'
    case 'withdrawn':
      return 'It was taken back before anyone decided.'
    default:
      return ''
  }
}

function note(event: AuditEvent, name: keyof typeof annotation): string {
  return event.annotations[annotation[name]] ?? ''
}

/** Control characters came from a client or a cluster and would act on the reader's terminal. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, ' ')
}
