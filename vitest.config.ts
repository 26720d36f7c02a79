import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    exclude: ["**/node_modules/**"],
    // Tests wait for real servers a third of their time, so two cores take three files at once. A cold start of Postgres counts as part of a test.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
