import { Rejected } from "@engram/contracts/errors"
import type { ImportLedger, ImportRequest, ImportRun } from "@engram/contracts/history"
import type { JsonObject } from "@engram/contracts/json"
import { deriveId } from "@engram/core/ids"
import type { Database } from "./database.ts"
import { insertDeliveries, packDeliveries } from "./deliveries.ts"
import type { Transaction } from "./transaction.ts"

interface Row {
  readonly since: Date | null
  readonly cursor: JsonObject | null
  readonly pages: number
  readonly fetched: number
  readonly added: number
  readonly finished_at: Date | null
  readonly covered_until: Date | null
}

type Plan = Omit<ImportRun, "run">

const take = `
  insert into imports (id, workspace_id, store_id, source, what, since) values ($1, $2, $3, $4, $5, $6)
  on conflict (id) do update set run = imports.run + 1, updated_at = now(), since = excluded.since,
    cursor = case when $7 then imports.cursor end, pages = case when $7 then imports.pages else 0 end,
    fetched = case when $7 then imports.fetched else 0 end, added = case when $7 then imports.added else 0 end,
    started_at = case when $7 then imports.started_at else now() end, finished_at = null
  returning run`

// The provider's clock may go differently by minutes. What an explicit `since` left out was not covered.
const advance = `
  update imports set cursor = $3, pages = pages + 1, fetched = fetched + $4, added = added + $5, updated_at = now(),
    finished_at = case when $3::jsonb is null then now() end,
    covered_until = case when $3::jsonb is null and (since is null or since = covered_until)
                         then date_trunc('milliseconds', started_at) - interval '5 minutes' else covered_until end
  where id = $1 and run = $2 returning pages, fetched, added`

export function createImportLedger({ database }: { database: Database }): ImportLedger {
  return {
    look: (request) => database.inWorkspace(request.workspaceId, (tx) => plan(tx, request)),
    begin: (request) =>
      database.inWorkspace(request.workspaceId, async (tx) => {
        const { workspaceId, storeId, source, what } = request
        const planned = await plan(tx, request)
        const since = planned.since ?? null
        const values = [planned.id, workspaceId, storeId, source, what, since, planned.resumed]
        const [taken] = await tx.query<{ run: number }>(take, values)
        return { ...planned, run: taken!.run }
      }),
    commit: async ({ workspaceId, storeId }, run, { deliveries, next }) => {
      const rows = await packDeliveries(deliveries.map((delivery) => ({ ...delivery, workspaceId, storeId })))
      return database.inWorkspace(workspaceId, async (tx) => {
        const added = (await insertDeliveries(tx, rows)).size
        const cursor = next === undefined ? null : JSON.stringify(next)
        const values = [run.id, run.run, cursor, deliveries.length, added]
        const [row] = await tx.query<Pick<Row, "pages" | "fetched" | "added">>(advance, values)
        if (!row) throw new Rejected("import_taken_over", "another process has taken this import up; this one ends")
        return { added, run: { ...run, ...row, cursor: next } }
      })
    },
    known: (workspaceId, ids) =>
      database.inWorkspace(workspaceId, async (tx) => {
        const [row] = await tx.query<{ n: number }>(
          "select count(*)::int as n from ingest_deliveries where id = any($1)",
          [ids],
        )
        return row?.n ?? 0
      }),
  }
}

/** What a process that takes the import up now begins with. */
async function plan(tx: Transaction, request: ImportRequest): Promise<Plan> {
  const { workspaceId, storeId, source, what, since, restart } = request
  const id = deriveId("imp", workspaceId, storeId, source, what)
  const fresh = { id, since, cursor: undefined, pages: 0, fetched: 0, added: 0, resumed: false }
  const [row] = await tx.query<Row>("select * from imports where id = $1 for update", [id])
  if (!row || restart) return fresh
  if (row.finished_at !== null) return { ...fresh, since: since ?? row.covered_until ?? undefined }
  if (since !== undefined && since.getTime() !== row.since?.getTime()) {
    const asked = row.since ? `since ${row.since.toISOString()}` : "from the beginning"
    throw new Rejected(
      "import_unfinished",
      `an import ${asked} is unfinished: leave --since out to go on with it, or add --restart to begin anew`,
    )
  }
  const { pages, fetched, added } = row
  return {
    id,
    since: row.since ?? undefined,
    cursor: row.cursor ?? undefined,
    pages,
    fetched,
    added,
    resumed: pages > 0,
  }
}
