/** Names that describe the terminal or multiplexer outside; inside there is another terminal, ours. */
const outside =
  /^(TMUX.*|STY|WINDOW|TERM_PROGRAM.*|TERM_SESSION_ID|COLUMNS|LINES|KITTY_.*|WEZTERM_.*|ITERM_.*|VTE_VERSION|WT_SESSION)$/
/** Names by which kubectl or helm would find a cluster or a credential beside the broker. */
const roads = /^(KUBECONFIG|KUBE_.*|KUBERNETES_.*|HELM_KUBE.*|HELM_DRIVER_SQL.*)$/

/**
 * The environment of what is supervised: the caller's, less what names another terminal or another road to a cluster.
 * `base` is the face's own environment; nothing of Chaperone's own but the session's ID is handed on.
 */
export function shellEnvironment(
  base: Readonly<Record<string, string>>,
  session: { readonly kubeconfig: string; readonly sessionID: string; readonly kubectlFolder?: string },
): Readonly<Record<string, string>> {
  const kept = Object.entries(base).filter(
    ([name]) => !outside.test(name) && !roads.test(name) && !name.startsWith('CHAPERONE_') && name !== 'NODE_ENV',
  )
  const variables: Record<string, string> = Object.fromEntries(kept)
  return {
    ...variables,
    ...(session.kubectlFolder === undefined
      ? {}
      : { PATH: [variables['PATH'], session.kubectlFolder].filter(Boolean).join(':') }),
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    KUBECONFIG: session.kubeconfig,
    CHAPERONE_SESSION: session.sessionID,
  }
}
