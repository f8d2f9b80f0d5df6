import { clock } from './durations.ts'

/** How the screen stands to its broker: since when, what still works, what to do. `since`: milliseconds since the epoch. */
export function linkSentence(
  link: 'connecting' | 'live' | 'lost' | 'refused' | 'ended' | 'expired',
  trouble: string,
  since: number,
): string {
  const at = clock(new Date(since).toISOString())
  const why = trouble === '' ? '' : ` (${trouble})`
  switch (link) {
    case 'connecting':
      return 'connecting …'
    case 'live':
      return `answers, since ${at}`
    case 'lost':
      return `✗ does not answer since ${at}${why}: the shell works and is recorded, no request reaches the cluster; connecting again goes on by itself`
    case 'refused':
      return `✗ does not let you in since ${at}${why}: the shell works and is recorded, no request reaches the cluster; leave with \`exit\``
    case 'ended':
      return `✗ ended at ${at}${why}: the shell works and is recorded, no request reaches the cluster; leave with \`exit\` and start \`chaperone shell\` again`
    case 'expired':
      return `✗ this session ended at ${at}: its requests are refused; leave with \`exit\` and start \`chaperone shell\` again`
  }
}
