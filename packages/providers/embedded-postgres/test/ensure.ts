import { ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"

/** A process of its own that ensures the server of a directory and says which one it got. */
const [dataDir = ""] = process.argv.slice(2)
const { pid, port, adopted } = await ensureEmbeddedPostgres({ dataDir, settings: { fsync: "off" } })
process.stdout.write(JSON.stringify({ pid, port, adopted }))
