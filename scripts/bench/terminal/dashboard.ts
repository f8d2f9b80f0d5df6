/**
 * Draws a dashboard of 120×39 cells sixty times a second and says each second how many frames it drew: numbers and
 * bars in colour change in every row, labels stay, as in top or a cluster's console. Usage: node dashboard.ts
 */
const framesPerSecond = 60
const height = 38
const barWidth = 40

let drawn = 0
const started = performance.now()

function row(index: number): string {
  const load = Math.round((Math.sin(drawn / 17 + index) + 1) * 50)
  const bar = '|'.repeat(Math.round((load / 100) * barWidth)).padEnd(barWidth)
  const name = `\x1b[1;34mpod-${String(index).padStart(3, '0')}\x1b[0m`
  const count = String(drawn * (index + 1)).padStart(9)
  return `${name} \x1b[${load > 80 ? '31' : '32'}m${bar}\x1b[0m ${String(load).padStart(3)}% \x1b[7m${count}\x1b[0m Running  kube-system`
}

function draw(): void {
  drawn += 1
  const rows = Array.from({ length: height }, (_, index) => `\x1b[${index + 1};1H${row(index)}`)
  process.stdout.write(rows.join(''))
  const due = started + (drawn * 1000) / framesPerSecond
  setTimeout(draw, Math.max(0, due - performance.now()))
}

process.stdout.write('\x1b[?1049h\x1b[?25l\x1b[2J')
draw()
