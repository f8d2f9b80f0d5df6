// What a test runner or the terminal around it leaves behind and a person's shell would not have.
const foreign =
  /^(CI|NO_COLOR|FORCE_COLOR|TMUX|TMUX_PANE|STY|COLUMNS|LINES|VITEST.*|TEST|NODE_ENV|KUBECONFIG|CHAPERONE_.*)$/

/** The environment of a person's terminal: this process's own without the test runner's marks, and with `extra`. */
export function personsEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || foreign.test(name) ? [] : [[name, value] as const],
  )
  // No shell of a test outlives its terminal for long, unless the test is about that.
  const ours = { TERM: 'xterm-256color', LANG: 'C.UTF-8', CHAPERONE_KEEP: '1s' }
  return { ...Object.fromEntries(own), ...ours, ...extra }
}
