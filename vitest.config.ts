import { defineConfig } from "vitest/config"

const modules = "**/node_modules/**"
/** Nothing in these packages is kept between calls, so their files share workers: a worker for each would be a third of their time. */
const pure = ["packages/core/test/**/*.test.ts", "packages/sources/test/**/*.test.ts"]
/**
 * Whole programs as processes, half a minute to a minute and a half each: with them CI, which runs in mode "ci", would take longer
 * than a quarter of an hour. What they promise is tested below the command line too; `npm test` runs them all.
 */
const long = [
  "test/e2e/{reindex-command,rebuild,forget-command}.test.ts",
  "test/memory/processes.test.ts",
  "test/chaos/killed-night.test.ts",
  "apps/cli/test/import-workspace.test.ts",
]
/** A cold start of Postgres counts as part of a test, and so does whatever else is waited for on a busy machine. */
const patience = { testTimeout: 60_000, hookTimeout: 120_000, expect: { poll: { timeout: 15_000 } } }

export default defineConfig(({ mode }) => ({
  test: {
    // Tests wait for real servers a third of their time, so two cores take three files at once.
    maxWorkers: 3,
    projects: [
      { test: { name: "pure", include: pure, exclude: [modules], isolate: false, ...patience } },
      {
        test: {
          name: "services",
          include: ["**/*.test.ts"],
          exclude: [modules, ...pure, ...(mode === "ci" ? long : [])],
          globalSetup: ["test/global-setup.ts"],
          ...patience,
        },
      },
    ],
  },
}))
