const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** `14m 32s`, `1h 5m`, `2d 3h`, `8s`: the two largest units, in milliseconds; parts of a second are dropped. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < minute) return `${Math.floor(whole / second)}s`
  if (whole < hour) return two(whole, minute, 'm', second, 's')
  if (whole < day) return two(whole, hour, 'h', minute, 'm')
  return two(whole, day, 'd', hour, 'h')
}

/** `14m 32s left`, or `expired`. `until` is RFC 3339, `now` milliseconds since the epoch. */
export function timeLeft(until: string, now: number): string {
  const left = Date.parse(until) - now
  return left > 0 ? `${duration(left)} left` : 'expired'
}

/** `3m ago`, `just now`: the largest unit only. */
export function age(since: string, now: number): string {
  const passed = now - Date.parse(since)
  if (!(passed >= 5 * second)) return 'just now'
  if (passed < minute) return `${Math.floor(passed / second)}s ago`
  if (passed < hour) return `${Math.floor(passed / minute)}m ago`
  if (passed < day) return `${Math.floor(passed / hour)}h ago`
  return `${Math.floor(passed / day)}d ago`
}

/** `14:32`, on the reader's wall clock. */
export function clock(at: string): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '--:--'
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`
}

/** `14:32:07`, on the reader's wall clock. */
export function clockSeconds(at: string): string {
  const date = new Date(at)
  return `${clock(at)}:${Number.isNaN(date.getTime()) ? '--' : twoDigits(date.getSeconds())}`
}

/** `less than a minute ago`, `3 minutes ago`: changes once a minute, so that what stands beside it can be read and judged. */
export function ageInMinutes(since: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(since)) / minute)
  if (!(minutes >= 1)) return 'less than a minute ago'
  return minutes < 60 ? `${minutes} minute${minutes === 1 ? '' : 's'} ago` : `${duration(minutes * minute)} ago`
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small)
  const first = `${Math.floor(ms / large)}${largeName}`
  return rest === 0 ? first : `${first} ${rest}${smallName}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
