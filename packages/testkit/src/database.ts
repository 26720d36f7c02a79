import { randomBytes } from "node:crypto"
import pg from "pg"

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** Named by `test/global-setup.ts`: a migrated database to copy, on a server that the run started. */
const templateUrl = (): string => {
  const url = process.env.TEST_DATABASE_URL
  if (!url) throw new Error("TEST_DATABASE_URL is not set: vitest's globalSetup starts Postgres and sets it")
  return url
}

/** A database of its own with the whole schema, copied from the run's template (some 50 ms). `empty` has no schema at all. */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const template = new URL(templateUrl())
  const name = `test_${randomBytes(8).toString("hex")}`
  const url = new URL(template)
  url.pathname = `/${name}`
  const from = empty ? "template0" : template.pathname.slice(1)
  await asAdmin(template, `create database ${name} template ${from} strategy file_copy`)
  return { url: url.href, drop: () => asAdmin(template, `drop database if exists ${name} with (force)`) }
}

async function asAdmin(server: URL, statement: string): Promise<void> {
  const admin = new URL(server)
  admin.pathname = "/postgres"
  const client = new pg.Client({ connectionString: admin.href })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
