import type { Database } from "./database.ts"
import { isOwed } from "./knowledge/fetches.ts"

/** A thing that its sender did not show, or has not shown yet. */
export interface UnansweredFetch {
  readonly workspaceId: string
  readonly storeName: string
  readonly source: string
  readonly kind: string
  readonly id: string
  /** `later` ones are asked for again by themselves; the others when something happens to them. */
  readonly answer: "missing" | "later" | "gave_up"
  readonly reason: string
  readonly answeredAt: Date
  /** When it is asked for again; null when that waits for a new event. */
  readonly dueAt: Date | null
}

/** What senders were asked for, across workspaces, for the people who run it. */
export interface FetchReport {
  /** How many are owed, and how many had which answer last. */
  counts(): Promise<{ readonly owed: number; readonly [answer: string]: number }>
  /** Newest first. */
  unanswered(limit: number): Promise<UnansweredFetch[]>
}

export const createFetchReport = ({ database }: { database: Database }): FetchReport => ({
  counts: () =>
    database.asFleet(async (tx) => {
      const rows = await tx.query<{ answer: string; n: number; owed: number }>(
        `select coalesce(answer, 'unasked') as answer, count(*)::int as n, (count(*) filter (where ${isOwed}))::int as owed
         from wanted_fetches f group by 1 order by 1`,
      )
      const owed = rows.reduce((sum, row) => sum + row.owed, 0)
      return { owed, ...Object.fromEntries(rows.map(({ answer, n }) => [answer, n])) }
    }),
  unanswered: (limit) =>
    database.asFleet((tx) =>
      tx.query<UnansweredFetch>(
        `select f.workspace_id as "workspaceId", s.name as "storeName", f.source, f.kind, f.thing_id as id, f.answer,
                f.reason, f.answered_at as "answeredAt", case when ${isOwed} then f.due_at end as "dueAt"
           from wanted_fetches f join stores s on s.id = f.store_id
          where f.answer <> 'found' order by f.answered_at desc, f.thing_id limit $1`,
        [limit],
      ),
    ),
})
