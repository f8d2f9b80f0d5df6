import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Fields } from '../state/objects.ts'
import { configMaps, secrets } from '../resources/configuration.ts'
import type { Planter } from './planter.ts'

const production = 'shop-production'

/** Secrets of every usual type, and configuration with the usual sins: credentials where they do not belong. */
export function seedConfiguration(planter: Planter): void {
  seedShopSecrets(planter)
  seedOtherSecrets(planter)
  seedRareSecrets(planter)
  seedConfigMaps(planter)
}

/** Letters that look like a random credential and are the same at every start. */
function made(what: string, length: number): string {
  return createHash('sha512').update(`brightwater ${what}`).digest('base64url').slice(0, length)
}

function seedShopSecrets(planter: Planter): void {
  planter.plant(
    secrets,
    { name: 'db-credentials', namespace: production, days: 203, labels: { app: 'checkout' } },
    {
      stringData: {
        username: 'shop',
        password: 'jasmine-pearl-7421',
        url: 'postgres://shop:jasmine-pearl-7421@postgres.data.svc:5432/shop',
      },
    },
  )
  planter.plant(
    secrets,
    { name: 'payment-provider', namespace: production, days: 140, labels: { app: 'payments' } },
    {
      stringData: { 'api-key': `sk_live_${made('payments', 32)}`, 'webhook-secret': `whsec_${made('webhook', 32)}` },
    },
  )
  seedAppliedSecret(planter)
  planter.plant(
    secrets,
    { name: 'shop-tls', namespace: production, days: 41 },
    {
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': pem('CERTIFICATE', 'certificate'), 'tls.key': pem('PRIVATE KEY', 'key') },
    },
  )
  const auth = Buffer.from(`brightwater-pull:${made('registry', 24)}`).toString('base64')
  const registry = JSON.stringify({ auths: { 'registry.brightwater.example': { auth } } })
  planter.plant(
    secrets,
    { name: 'registry-pull', namespace: production, days: 203 },
    {
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': registry },
    },
  )
}

function pem(label: string, what: string): string {
  const lines = [1, 2, 3, 4].map((line) => made(`${what} ${line}`, 64))
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

/** Made by `kubectl apply`: the manifest, with its values in clear, stays in an annotation. */
function seedAppliedSecret(planter: Planter): void {
  const manifest: Fields = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { annotations: {}, labels: { app: 'web' }, name: 'newsletter-api', namespace: production },
    stringData: { token: 'hunter2-newsletter' },
    type: 'Opaque',
  }
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(manifest)}\n` }
  const given = { name: 'newsletter-api', namespace: production, days: 27, labels: { app: 'web' }, annotations }
  planter.plant(secrets, given, { stringData: { token: 'hunter2-newsletter' } })
}

function seedOtherSecrets(planter: Planter): void {
  planter.plant(
    secrets,
    { name: 'db-credentials', namespace: 'shop-staging', days: 203 },
    {
      stringData: { username: 'shop', password: 'staging-only-1234' },
    },
  )
  planter.plant(
    secrets,
    { name: 'postgres-superuser', namespace: 'data', days: 203 },
    {
      type: 'kubernetes.io/basic-auth',
      stringData: { username: 'postgres', password: made('postgres', 24) },
    },
  )
  const annotations = { 'kubernetes.io/service-account.name': 'backup' }
  planter.plant(
    secrets,
    { name: 'backup-token', namespace: 'data', days: 150, annotations },
    {
      type: 'kubernetes.io/service-account-token',
      stringData: { namespace: 'data', token: `eyJhbGciOiJFUzI1NiJ9.${made('claims', 60)}.${made('signature', 43)}` },
    },
  )
  planter.plant(
    secrets,
    { name: 'grafana-admin', namespace: 'monitoring', days: 180 },
    {
      stringData: { 'admin-user': 'admin', 'admin-password': made('grafana', 20) },
    },
  )
}

/** The other types that secrets have, and what helm keeps of a release. */
function seedRareSecrets(planter: Planter): void {
  const plant = (
    name: string,
    namespace: string,
    type: string,
    stringData: Fields,
    labels: Record<string, string> = {},
  ) => planter.plant(secrets, { name, namespace, days: 60, labels }, { type, stringData })
  plant('deploy-key', 'shop-staging', 'kubernetes.io/ssh-auth', {
    'ssh-privatekey': pem('OPENSSH PRIVATE KEY', 'deploy'),
  })
  const auth = Buffer.from(`old-pull:${made('old registry', 20)}`).toString('base64')
  plant('old-pull', 'shop-staging', 'kubernetes.io/dockercfg', {
    '.dockercfg': JSON.stringify({ 'old.brightwater.example': { auth } }),
  })
  plant('bootstrap-token-7h2k9x', 'kube-system', 'bootstrap.kubernetes.io/token', {
    'token-id': '7h2k9x',
    'token-secret': made('bootstrap', 16)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '0'),
    'usage-bootstrap-authentication': 'true',
    expiration: '2027-01-01T00:00:00Z',
  })
  const labels = { name: 'tea-mail', owner: 'helm', status: 'deployed', version: '1' }
  plant('sh.helm.release.v1.tea-mail.v1', production, 'helm.sh/release.v1', { release: release() }, labels)
}

/** A release as helm stores it: gzip, then base64 (helm.sh/helm pkg/storage/driver). */
function release(): string {
  const values = { smtp: { host: 'mail.brightwater.example', user: 'tea-mail', password: 'lapsang-souchong-88' } }
  const manifest = `---\n# Source: tea-mail/templates/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: tea-mail\nstringData:\n  password: ${values.smtp.password}\n`
  const time = '2026-09-24T08:00:00Z'
  const text = {
    name: 'tea-mail',
    info: {
      first_deployed: time,
      last_deployed: time,
      deleted: '',
      description: 'Install complete',
      status: 'deployed',
    },
    chart: {
      metadata: { name: 'tea-mail', version: '0.3.1', appVersion: '1.4', apiVersion: 'v2' },
      templates: [],
      values: {},
      files: [],
    },
    config: values,
    manifest,
    version: 1,
    namespace: production,
  }
  return gzipSync(JSON.stringify(text)).toString('base64')
}

function seedConfigMaps(planter: Planter): void {
  planter.plant(
    configMaps,
    { name: 'shop-settings', namespace: production, days: 120, labels: { app: 'web' } },
    {
      data: { currency: 'EUR', 'free-shipping-from': '35.00', theme: 'spring', SEARCH_URL: 'http://search:8080' },
    },
  )
  planter.plant(
    configMaps,
    { name: 'legacy-import', namespace: production, days: 198 },
    {
      data: {
        'import.properties': 'host=ftp.supplier.example\nuser=brightwater\npassword=earl-grey-1907\nretries=3\n',
      },
    },
  )
  const annotations = { 'brightwater.example/maps-api-key': `AIza${made('maps', 35)}` }
  planter.plant(
    configMaps,
    { name: 'store-finder', namespace: production, days: 64, annotations },
    {
      data: { region: 'de', zoom: '11' },
    },
  )
  planter.plant(
    configMaps,
    { name: 'prometheus-config', namespace: 'monitoring', days: 180 },
    {
      data: { 'prometheus.yml': 'global:\n  scrape_interval: 30s\nscrape_configs:\n- job_name: pods\n' },
    },
  )
  planter.plant(
    configMaps,
    { name: 'shop-settings', namespace: 'shop-staging', days: 120 },
    {
      data: { currency: 'EUR', 'free-shipping-from': '0.00', theme: 'spring' },
    },
  )
}
