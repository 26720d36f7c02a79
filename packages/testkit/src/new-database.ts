import { onTestFinished } from "vitest"
import { createTestDatabase } from "./database.ts"

/** The address of a database of the test's own, gone after it. */
export async function newDatabase(options?: { readonly empty: boolean }): Promise<string> {
  const { url, drop } = await createTestDatabase(options)
  onTestFinished(drop)
  return url
}
