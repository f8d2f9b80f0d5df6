import { hash, randomBytes, randomUUID } from 'node:crypto'
import { createApprovals } from './approval/approvals.ts'
import type { Approvals } from './approval/port.ts'
import type { IdentityConfig } from './config/identity.ts'
import { readPolicyFiles } from './config/policy-files.ts'
import { watchFiles, type Source } from './config/file-watch.ts'
import { parseSubjects, readSubjectsFile } from './config/subjects.ts'
import type { StateFolders } from './config/state.ts'
import { tellingOf } from './control/activity.ts'
import { EventHub } from './control/events.ts'
import { isAwaited, whenIdle } from './control/idle.ts'
import { startControl } from './control/server.ts'
import { makeCallers } from './identity/callers.ts'
import { identifyBySession } from './identity/identify.ts'
import { makeIssuance, type Issuance, type IssuanceParts } from './identity/issuance.ts'
import { fetchDocument } from './identity/key-source.ts'
import { keptSpent, parseSpent, spentCollection } from './identity/kept-spent.ts'
import type { SubjectList } from './identity/port.ts'
import { isOutdated, relisted } from './identity/relisted.ts'
import { reviewerFiles } from './identity/reviewer-files.ts'
import { SignInLimit } from './identity/sign-in-limit.ts'
import { newToken, tokenHash } from './identity/tokens.ts'
import { openJournal } from './journal/journal.ts'
import { defaultQuota, withQuota } from './journal/quota.ts'
import { loadUpstream } from './kube/kubeconfig.ts'
import type { Upstream } from './kube/port.ts'
import { reviewToken } from './kube/token-review.ts'
import { makeOblige } from './mask/oblige.ts'
import { makeRestore } from './mask/restore.ts'
import { toFault, type Fault } from './model/fault.ts'
import type { Session } from './model/session.ts'
import type { Subject } from './model/subject.ts'
import { builtinSource } from './policy/builtin.ts'
import { compileExpression } from './policy/expression.ts'
import { loadPolicy, type Policy } from './policy/parse.ts'
import { Usage } from './policy/usage.ts'
import { newsEvent, type News } from './policy/policy-event.ts'
import { startProxy } from './proxy/listener.ts'
import type { Observe } from './proxy/stations.ts'
import { countsOf } from './session/counts.ts'
import { SessionRegistry } from './session/registry.ts'
import { openStore } from './store/embedded.ts'
import { newCredentialKey } from './trust/credential-key.ts'
import { openTrust } from './trust/trust.ts'

/** How often sessions are looked at whose time may be over; their credentials have stopped working by then. */
const expiryMs = 5_000
/** Time given to running requests when the broker ends. */
const graceMs = 2_000
/** Server certificates are made anew at each start; none has to live longer than a broker does. */
const certificateDays = 90

export interface BrokerOptions {
  readonly version: string
  readonly folders: StateFolders
  readonly operator: Subject
  readonly operatorToken: string
  /**
   * Set for the practice cluster. Its reviewer lives in memory and with this broker only: a token that anyone can read
   * from the state folder must never review on a real cluster.
   */
  readonly practice: { readonly reviewerToken: string } | undefined
  readonly upstream: { readonly kubeconfigPaths: readonly string[]; readonly context: string | undefined }
  /** Ask the cluster to act for each caller, instead of for the broker's own credential; absent = false. */
  readonly impersonate?: boolean
  /** What exec plugins of the kubeconfig run in. */
  readonly environment: Readonly<Record<string, string>>
  readonly listen: { readonly host: string; readonly port: number }
  /** Whom it trusts to say who calls; absent = only its own sessions are known. */
  readonly identity?: IdentityConfig
  /** Empty = the built-in policy. */
  readonly policyFiles: readonly string[]
  /** Told of each change of these files that is taken over, before it is. */
  readonly policyChanged?: () => Promise<void>
  readonly warn: (sentence: string) => void
}

export interface Broker {
  /** Data plane, `https://127.0.0.1:PORT`. */
  readonly endpoint: string
  /** Control API, the same shape. */
  readonly control: string
  readonly caFile: string
  readonly context: string
  readonly server: string
  /** Resolves with a reason when nobody has used the broker for a while. */
  readonly idle: Promise<string>
  close(): Promise<void>
}

/** Opens every room and wires them. What cannot be opened is a Fault, and whatever was opened before is closed again. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { folders } = options
  const clock = { now: () => new Date() }
  await using parts = new AsyncDisposableStack()

  const files = options.policyFiles
  const policyTexts = files.length === 0 ? [builtinSource] : await readPolicyFiles(files)
  const first = loadPolicy(policyTexts)
  const upstream = await loadUpstream({
    kubeconfigPaths: options.upstream.kubeconfigPaths,
    environment: options.environment,
    ...(options.upstream.context === undefined ? {} : { context: options.upstream.context }),
  })
  parts.defer(() => upstream.close())
  await upstream.ping()

  const trust = await openTrust({ folder: folders.trust })
  const certificate = await trust.issueServerCertificate({
    hosts: ['localhost', '127.0.0.1', '::1'],
    days: certificateDays,
  })
  const tls = { key: certificate.keyPem, cert: certificate.certPem }

  const journal = await openJournal({
    folder: folders.journal,
    signingKey: trust.signingKey,
    anchorFolder: folders.trust,
    reserve: folders.journalReserve,
    clock,
    onFailure: (fault) => options.warn(fault.sentence),
  })
  for (const notice of journal.notices) options.warn(notice)
  parts.defer(() => journal.close())
  const store = await openStore({ folder: folders.store })
  parts.defer(() => store.close())

  const sessions = new SessionRegistry({
    now: clock.now,
    random: (bytes) => randomBytes(bytes),
    newToken,
    hash: tokenHash,
  })
  const approvals = await createApprovals({
    store,
    clock,
    random: (bytes) => randomBytes(bytes),
    cluster: upstream.identity,
  })
  parts.defer(() => approvals.close())
  const hub = new EventHub()
  approvals.subscribe((held) => hub.publish({ type: 'held', held }))
  sessions.subscribe((session) => hub.publish({ type: 'session', session }))

  const usage = new Usage()
  let force = inForce(first, trust.maskKey)
  const tell = (news: Omit<News, 'auditID' | 'at'>, durability: 'durable' | 'reserved' = 'durable') =>
    journal.append(newsEvent({ ...news, auditID: randomUUID(), at: clock.now() }), durability)
  /** What failed is told where it can be; the one before stays in force. */
  const tellFailure = (news: Pick<News, 'what' | 'before' | 'files'>) => async (fault: Fault) => {
    options.warn(fault.sentence)
    await tell({ ...news, after: undefined, message: fault.sentence }).catch((thrown) =>
      options.warn(toFault(thrown).sentence),
    )
  }
  await tell({
    what: 'policy',
    before: undefined,
    after: first.digest,
    files,
    message: `The policy ${first.name} is in force.`,
  })
  parts.use(
    watchFiles({
      files,
      known: policyTexts,
      what: 'policy',
      read: readPolicyFiles,
      apply: async (sources) => {
        const next = loadPolicy(sources)
        const message = `The policy ${next.name} changed, and is in force from now on.`
        // A policy that nobody can be told of later must not decide.
        await tell({ what: 'policy', before: force.policy.digest, after: next.digest, files, message })
        await options.policyChanged?.()
        force = inForce(next, trust.maskKey)
        options.warn(message)
      },
      failed: (fault) => tellFailure({ what: 'policy', before: force.policy.digest, files })(fault),
    }),
  )

  const spent = await keptSpent(await store.collection(spentCollection, parseSpent), ({ sentence }) =>
    options.warn(sentence),
  )
  parts.defer(() => spent.settled())
  const listFile = options.identity?.subjects
  const listText = listFile === undefined ? undefined : await readSubjectsFile(listFile)
  let listed = listText === undefined ? undefined : listedIn(listText)
  if (listFile !== undefined && listText !== undefined && listed !== undefined) {
    const news = { what: 'subjects', files: [listFile] } as const
    await tell({ ...news, before: undefined, after: listed.digest, message: 'This list of subjects is in force.' })
    parts.use(
      watchFiles({
        files: news.files,
        known: [listText],
        what: 'list of subjects',
        read: async () => [await readSubjectsFile(listFile)],
        apply: async ([source]) => {
          const next = listedIn(source ?? (await readSubjectsFile(listFile)))
          const message = 'The list of subjects changed, and is in force from now on.'
          // Who is taken from the list is out on a full disk as well.
          await tell({ ...news, before: listed?.digest, after: next.digest, message }, 'reserved')
          listed = next
          const { gone, changed } = relisted(sessions.active(), next.list)
          for (const { session, subject } of changed)
            sessions.prolong(session.id, subject, Date.parse(session.expiresAt ?? session.startedAt))
          hub.dismiss((subject) => isOutdated(subject, next.list))
          await endSessions(sessions, approvals, gone)
          options.warn(message)
        },
        failed: (fault) => tellFailure({ ...news, before: listed?.digest })(fault),
      }),
    )
  }
  const subjects = () => listed?.list ?? nobody
  const issuance =
    options.identity === undefined
      ? undefined
      : issuanceOf(options.identity, { upstream, sessions, spent, ...(listed === undefined ? {} : { subjects }) })
  const isOutdatedNow = (subject: Subject) => listed !== undefined && isOutdated(subject, listed.list)
  const expiry = setInterval(() => void endSessions(sessions, approvals, sessions.expired()), expiryMs)
  parts.defer(() => clearInterval(expiry))

  const shared = withQuota(journal, { ...defaultQuota, now: Date.now })
  const proxy = await startProxy({
    ...options.listen,
    ...(issuance === undefined ? {} : { exchange: issuance.exchange }),
    tls,
    upstream,
    clock,
    newAuditID: randomUUID,
    impersonate: options.impersonate ?? false,
    stations: {
      identify: identifyBySession((token) => sessions.byToken(token) ?? issuance?.sessionOf(token)),
      decide: (input) =>
        force.policy.decide({ usage, ...input, now: clock.now(), isWatched: hub.isWatched(input.subject) }),
      spend: (input) => force.policy.spend({ ...input, now: clock.now() }, usage),
      countsObjects: (input) => force.policy.countsObjects(input),
      asksOldObject: (input) => force.policy.asksOldObject(input),
      park: approvals.park,
      oblige: (obligations, request, subject) => force.oblige(obligations, request, subject),
      restore: {
        isNeeded: (body, request) => force.restore.isNeeded(body, request),
        asksStored: (body, request, contentType) => force.restore.asksStored(body, request, contentType),
        releaseOf: (body, stored, request) => force.restore.releaseOf(body, stored, request),
        restore: (body, sources, request, subject) => force.restore.restore(body, sources, request, subject),
      },
      journal: tellingOf(shared, (note) => hub.publish({ type: 'request', note })),
      observe: observe(sessions),
    },
  })
  parts.defer(() => proxy.close(graceMs))

  const control = await startControl({
    host: '127.0.0.1',
    port: 0,
    tls,
    hub,
    journal,
    refusals: shared,
    limit: new SignInLimit(Date.now),
    clock,
    newAuditID: randomUUID,
    isOutdated: isOutdatedNow,
    authenticate: makeCallers({
      operator: options.operator,
      operatorToken: options.operatorToken,
      practiceReviewerToken: options.practice?.reviewerToken,
      reviewers: reviewerFiles(folders.reviewers),
      person: issuance?.person,
    }),
    desk: {
      signIn: issuance?.person !== undefined,
      sessions,
      approvals,
      info: () => ({
        version: options.version,
        mode: 'local',
        context: options.practice === undefined ? upstream.context : 'practice',
        server: upstream.server,
        identity: upstream.identity,
        practice: options.practice !== undefined,
        policy: { name: force.policy.name, digest: force.policy.digest },
        endpoint: proxy.endpoint,
        caFile: trust.caFile,
        pid: process.pid,
      }),
    },
  })
  parts.defer(() => control.close())
  parts.defer(() => {
    issuance?.close()
    return endSessions(sessions, approvals, sessions.active())
  })

  const opened = parts.move()
  return {
    endpoint: proxy.endpoint,
    control: control.endpoint,
    caFile: trust.caFile,
    context: options.practice === undefined ? upstream.context : 'practice',
    server: upstream.server,
    idle: whenIdle(() => sessions.active().length > 0 || hub.readers > 0 || isAwaited(approvals)),
    close: () => opened.disposeAsync(),
  }
}

const nobody: SubjectList = { audience: '', subjects: [] }

/** A list of subjects, and the SHA-256 (hex) of its file. Throws ERR_CONFIG. */
function listedIn(source: Source) {
  return { list: parseSubjects(source), digest: hash('sha256', source.text, 'hex') }
}

/** A policy and the masks it names, which change together. */
function inForce(policy: Policy, key: Uint8Array) {
  const { maskSets } = policy
  return { policy, oblige: makeOblige({ maskSets, key }), restore: makeRestore({ maskSets, key }) }
}

function observe(sessions: SessionRegistry): Observe {
  return ({ session, reason, ...ended }) => {
    const counts = countsOf(ended)
    if (counts !== undefined) sessions.count(session.id, counts, reason.code)
  }
}

/** Throws ERR_CONFIG. */
function issuanceOf(
  config: IdentityConfig,
  parts: Pick<IssuanceParts, 'sessions' | 'subjects' | 'spent'> & { readonly upstream: Upstream },
): Issuance {
  const { upstream, ...others } = parts
  const { tokenReview } = config
  return makeIssuance({
    ...others,
    jwt: config.jwt,
    people: config.people,
    review: tokenReview && {
      ask: (token) => reviewToken(upstream, token, tokenReview.audiences),
      reservedNames: tokenReview.reservedNames,
    },
    lifetimeMs: config.credentialLifetimeMs,
    key: newCredentialKey(),
    audience: upstream.identity,
    fetch: fetchDocument,
    compile: compileExpression,
    mode: 'local',
  })
}

async function endSessions(sessions: SessionRegistry, approvals: Approvals, ending: readonly Session[]): Promise<void> {
  for (const session of ending) {
    sessions.end(session.id)
    await approvals.endSession(session.id)
  }
}
