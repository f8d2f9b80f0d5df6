import { homedir, userInfo } from 'node:os'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/** What the process was given, read once at start. The only reader of process.env in the product. */
export interface Environment {
  readonly user: string
  readonly uid: number
  readonly home: string
  readonly shell: string
  readonly path: readonly string[]
  readonly term: string
  /** NO_COLOR (no-color.org): set and not empty. */
  readonly noColor: boolean
  /** Paths of KUBECONFIG, else `~/.kube/config`. */
  readonly kubeconfigPaths: readonly string[]
  readonly kubeconfigFromVariable: boolean
  readonly stateFolder: string
  readonly configFile: string
  readonly reviewerTokenFile: string
  /** How long a shell outlives its terminal; empty when it is not said. */
  readonly keep: string
  /** Set inside a supervised shell. */
  readonly insideSession: string
  readonly variables: Readonly<Record<string, string>>
}

/** Reads the environment by the XDG Base Directory rules (relative paths in XDG variables are ignored, as it says). */
export function readEnvironment(): Environment {
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) variables[name] = value
  const user = userInfo()
  const home = isAbsolute(variables['HOME'] ?? '') ? (variables['HOME'] ?? '') : user.homedir || homedir()
  const xdg = (name: string, fallback: string) => {
    const value = variables[name] ?? ''
    return isAbsolute(value) ? value : join(home, fallback)
  }
  const paths = (variables['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean)
  return Object.freeze({
    user: user.username,
    uid: user.uid,
    home,
    shell: variables['SHELL'] || user.shell || '/bin/sh',
    path: (variables['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    term: variables['TERM'] ?? '',
    noColor: (variables['NO_COLOR'] ?? '') !== '',
    kubeconfigPaths: paths.length === 0 ? [join(home, '.kube', 'config')] : paths,
    kubeconfigFromVariable: paths.length > 0,
    stateFolder: resolve(variables['CHAPERONE_STATE'] || join(xdg('XDG_STATE_HOME', '.local/state'), 'chaperone')),
    configFile: join(xdg('XDG_CONFIG_HOME', '.config'), 'chaperone', 'chaperone.yaml'),
    reviewerTokenFile: variables['CHAPERONE_REVIEWER_TOKEN_FILE'] ?? '',
    keep: variables['CHAPERONE_KEEP'] ?? '',
    insideSession: variables['CHAPERONE_SESSION'] ?? '',
    variables,
  })
}
