import { test } from "vitest"

/**
 * A test of plans for tables that have just grown. From 18 on Postgres has been told what to assume of those (`assumeCounts`); an older
 * one reads them whole until it has counted them, within a minute, and the test is left out.
 */
export const testWhereCounted = test.runIf(Number(process.env.TEST_POSTGRES_MAJOR) >= 18)
