import { configDefaults, defineConfig } from 'vitest/config'

const clients = ['test/clients/**/*.test.ts']

const journeys = ['test/journeys/**/*.test.{ts,tsx}', 'test/support/cli.test.ts']

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // Journeys start real brokers, clusters and terminals; two at a time is what two cores carry.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, ...journeys, ...clients],
        },
      },
      // Only these run the built program, so only these wait for the build.
      { extends: true, test: { name: 'journeys', include: journeys, globalSetup: 'test/support/built.ts' } },
      // These fetch 300 MB of other programs first, so scripts/matrix runs them, not scripts/test.
      {
        extends: true,
        test: { name: 'clients', include: clients, maxConcurrency: 2, globalSetup: 'test/clients/installed.ts' },
      },
    ],
  },
})
