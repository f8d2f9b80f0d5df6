import { hash, X509Certificate } from 'node:crypto'
import { Fault } from '../model/fault.ts'
import type { ClientKind } from '../model/session.ts'
import type { TokenSource } from './token-source.ts'

export interface PluginOptions {
  /** `https://HOST:PORT` of the data plane. */
  readonly endpoint: string
  readonly caPem: string
  readonly source: TokenSource
  readonly kind: ClientKind
  readonly reason: string
  readonly waitMs: number
}

/** A credential is renewed when less than this is left of it, so that it lives through the command that it is for. */
const MARGIN_SECONDS = 60

/**
 * The exec-credential plugin (client.authentication.k8s.io/v1) as the text of a POSIX shell script that needs nothing but
 * curl, and that only when its cache is stale: kubectl asks it for every command. The cache has one file (0600) for each
 * job's own token, so that two jobs of one user never share a credential. Tokens go through pipes, never through
 * arguments. Behind the token stands what calls it: process, start time and arguments, see identity/command-claim.ts.
 *
 * client-go asks again when a credential was refused, and cannot say so. A process that asks a second time therefore gets a
 * new one, else a broker that was restarted would be shown a dead one until the cache is stale.
 */
export function pluginScript(options: PluginOptions): string {
  const { endpoint, caPem, source, kind } = options
  const key = hash('sha256', [endpoint, caPem, kind, JSON.stringify(source)].join('\0'), 'hex').slice(0, 16)
  return `# Made by \`chaperone kubeconfig\`; holds no secret.
set -efu
umask 077
fail() { printf 'chaperone: %s\\n' "$*" >&2; exit 1; }
${identifySource(source)}
caller=$PPID.
if [ -r "/proc/$PPID/cmdline" ] && read -r stat <"/proc/$PPID/stat"; then
  set -- \${stat##*) }
  caller=$PPID.\${20}
fi
# Another program only to tell the time would take a fifth of all.
if [ -r /proc/uptime ] && [ -r /proc/sys/kernel/random/boot_id ]; then
  now() { read -r now rest </proc/uptime && now=\${now%%.*}; }
  read -r clock </proc/sys/kernel/random/boot_id
else
  now() { now=$(date +%s); }
  clock=date
fi
answer() {
  claim=
  if [ -r "/proc/$PPID/cmdline" ]; then
    set -- $(od -An -v -tx1 -N1024 "/proc/$PPID/cmdline")
    IFS=
    claim="~$caller.$*"
    unset IFS
  fi
  printf '%s\\n' "$caller" >"$cache.last" || :
  printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s%s","expirationTimestamp":"%s"}}\\n' "$token" "$claim" "$ends"
  exit 0
}
name=\${own#"\${own%????????????????????????}"}
case $name in '' | *[!A-Za-z0-9_-]*) fail 'the token is no JSON Web Token';; esac
folder=\${XDG_CACHE_HOME:-\${HOME:?}/.cache}/chaperone
cache=$folder/${key}-$name
session=
if [ -r "$cache" ]; then
  until= of= ends= token=
  { read -r until of && read -r ends && read -r session && read -r token; } <"$cache" || until=
  case $until in '' | *[!0-9]*) until=0;; esac
  case \${session#s-} in *[!a-z2-9]*) session=;; ????????) ;; *) session=;; esac
  last=
  if [ -r "$cache.last" ]; then read -r last <"$cache.last" || :; fi
  now
  if [ -n "$token" ] && [ "$last" != "$caller" ] && [ "$of" = "$clock" ] && [ "$until" -gt "$now" ]; then answer; fi
fi
${source.kind === 'login' ? ':' : needsCurl}
mkdir -p "$folder"
new=$cache.$$
trap 'rm -f "$new" "$new.pem"' EXIT
cat >"$new.pem" <<'END_OF_CERTIFICATES'
${certificatesIn(caPem)}
END_OF_CERTIFICATES
${source.kind === 'login' ? askAsPerson(options, source.command) : askByCurl(options)}
field() { printf '%s\\n' "$said" | sed -n "s/.*\\"$1\\": *\\"\\{0,1\\}\\([^\\",}]*\\).*/\\1/p"; }
token=$(field token)
case $token in
'' | *[!A-Za-z0-9_.-]*) fail "no credential: $(printf '%s\\n' "$said" | sed -n 's/"details".*//; s/.*"message":"\\([^"]*\\).*/\\1/p')";;
esac
ends=$(field expiresAt)
lasts=$(field expiresIn)
case $lasts in '' | *[!0-9]* | ??????*) fail 'the credential does not say how long it lasts';; esac
now
printf '%s\\n' "$((now + lasts - ${MARGIN_SECONDS})) $clock" "$ends" "$(field sessionID)" "$token" >"$new"
mv "$new" "$cache"
set +f
find "$folder" -name '${key}-*' -type f -mmin +120 -exec rm -f {} +
answer
`
}

/**
 * The certificates of a PEM text, written anew: nothing of the text itself gets into the script, where a line of it could end the
 * certificates and go on with words for the shell.
 */
function certificatesIn(pem: string): string {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    if (blocks.length === 0) throw new Error('there is no certificate in it')
    return blocks.map((block) => new X509Certificate(block).toString().trim()).join('\n')
  } catch (cause) {
    throw new Fault('ERR_USAGE', `The CA file holds no certificate that can be read (${(cause as Error).message}).`, {
      advice: 'It is the ca.crt of the broker, as its operator has it.',
      cause,
    })
  }
}

const needsCurl = "command -v curl >/dev/null || fail 'curl is not installed'"

/** Sets `said` to the broker's answer, asked with the token in `own`. */
function askByCurl({ endpoint, source, kind, reason, waitMs }: PluginOptions): string {
  const details = { kind, ...(reason === '' ? {} : { reason }), ...(waitMs === 0 ? {} : { waitMs }) }
  return `${fetchSource(source)}
case $own in '' | *[!A-Za-z0-9_.-]*) fail 'the token is no JSON Web Token';; esac
before=\${session:+,\\"sessionID\\":\\"$session\\"}
said=$(printf '{"subjectToken":"%s"%s,%s' "$own" "$before" ${quoted(JSON.stringify(details).slice(1))} |
  curl --silent --show-error --max-time 20 --proto =https${proxyOption(endpoint)} --cacert "$new.pem" \\
    --header 'content-type: application/json' --data-binary @- ${quoted(`${endpoint}/chaperone/v1/token`)})`
}

/** The same through Chaperone itself, which alone reads what a person who signed in has. */
function askAsPerson({ endpoint, kind, reason, waitMs }: PluginOptions, command: readonly string[]): string {
  const words = [
    ...command,
    '--json',
    `--broker=${endpoint}`,
    `--for=${kind}`,
    ...(reason === '' ? [] : [`--reason=${reason}`]),
    ...(waitMs === 0 ? [] : [`--wait=${waitMs}ms`]),
  ]
  return `said=$(${words.map(quoted).join(' ')} --ca-file "$new.pem" \${session:+--session "$session"}) || exit 1`
}

/** Comes before all other variables, which could have the name of the caller's. Sets \`own\` to what tells this job's cache from another's: the end of its token, for GitHub the run, for a person the sign-in. */
function identifySource(source: TokenSource): string {
  switch (source.kind) {
    case 'file':
      return `file=${quoted(source.path)}
{ [ -r "$file" ] && { read -r own <"$file" || [ -n "$own" ]; }; } || fail "there is no token in $file"`
    case 'variable':
      return `own=\${${source.name}:-}
[ -n "$own" ] || fail 'there is no token in the variable ${source.name}'`
    case 'login':
      return `file=${quoted(source.path)}
{ [ -r "$file" ] && read -r own <"$file"; } || fail 'Nobody is signed in. Run: chaperone login'`
    case 'github':
      return `[ -n "\${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] || fail 'the job needs "permissions: id-token: write"'
own=\${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?}`
  }
}

/** Sets \`own\` to the token itself. */
function fetchSource(source: TokenSource): string {
  if (source.kind !== 'github') return ':'
  return `said=$(printf 'header = "Authorization: Bearer %s"\\n' "$own" |
  curl --silent --show-error --max-time 20 --config - \\
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${encodeURIComponent(source.audience)}")
own=$(printf '%s\\n' "$said" | sed -n 's/.*"value" *: *"\\([^"]*\\)".*/\\1/p')`
}

/** Like kubectl, goes past a proxy to this machine itself. */
function proxyOption(endpoint: string): string {
  return /^(127\.|localhost$|\[::1\]$)/.test(new URL(endpoint).hostname) ? " --noproxy '*'" : ''
}

/** One word for the shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
