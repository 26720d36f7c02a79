import type { Config } from "@engram/config/config"
import { reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import { ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { regularly } from "@engram/lifecycle/regularly"

/** How long after its end it is missed, at most. */
const everyMs = 1_000

/**
 * Until the lifecycle closes, the embedded Postgres is started again whenever it has gone, where it was: pools that are open find it
 * there. Any number of processes may keep the same one: one of them starts it, the others find it. Nothing where DATABASE_URL is set.
 */
export async function keepEmbeddedPostgres(
  { databaseUrl, dataDir }: Pick<Config, "databaseUrl" | "dataDir">,
  { lifecycle, log }: { readonly lifecycle: Lifecycle; readonly log: Log },
): Promise<void> {
  if (databaseUrl !== undefined) return
  let server = await ensureEmbeddedPostgres({ dataDir })
  const { port } = server
  const bringBack = async (): Promise<void> => {
    if (server.isRunning()) return
    server = await ensureEmbeddedPostgres({ dataDir, port })
    log.warn({ pid: server.pid, port: server.port }, "the embedded Postgres had gone; it runs again")
  }
  const onError = (error: unknown): void =>
    log.error({ reason: reasonOf(error) }, "the embedded Postgres has gone and does not start; trying again")
  lifecycle.own(regularly(bringBack, { everyMs, onError }), (stop) => stop(), "the watch over the embedded Postgres")
}
