import type { RepairLedger } from "@engram/contracts/redelivery"
import { opened, type Row } from "./connections.ts"
import type { Database } from "./database.ts"
import type { Sealer } from "./sealing.ts"

const isDue = `credentials ? 'hook' and (repaired_at is null or repaired_at <= now() - make_interval(secs => $1 / 1000.0))`

export function createRepairLedger({ database, sealer }: { database: Database; sealer: Sealer }): RepairLedger {
  return {
    claimDue: async (minAgeMs) => {
      const due = await database.asFleet((tx) =>
        tx.query<Pick<Row, "id" | "workspace_id">>(
          `select id, workspace_id from connections where ${isDue} order by repaired_at nulls first`,
          [minAgeMs],
        ),
      )
      const claimed = []
      for (const { id, workspace_id } of due) {
        // Asked again under the row's lock: of two processes one finds it claimed.
        const [row] = await database.inWorkspace(workspace_id, (tx) =>
          tx.query<Row>(`update connections set repaired_at = now() where id = $2 and ${isDue} returning *`, [
            minAgeMs,
            id,
          ]),
        )
        if (row) claimed.push(opened(sealer, row))
      }
      return claimed
    },
    present: (connection, deliveryKeys) =>
      database.inWorkspace(connection.workspaceId, async (tx) => {
        const rows = await tx.query<{ key: string }>(
          "select delivery_key as key from ingest_deliveries where connection_id = $1 and delivery_key = any($2)",
          [connection.id, deliveryKeys],
        )
        return new Set(rows.map(({ key }) => key))
      }),
  }
}
