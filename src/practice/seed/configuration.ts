import { createHash } from 'node:crypto'
import type { Fields } from '../state/objects.ts'
import { configMaps, secrets } from '../resources/configuration.ts'
import type { Planter } from './planter.ts'

const production = 'shop-production'

/** Secrets of every usual type, and configuration with the usual sins: credentials where they do not belong. */
export function seedConfiguration(planter: Planter): void {
  seedShopSecrets(planter)
  seedOtherSecrets(planter)
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
