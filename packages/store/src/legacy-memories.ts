import { Rejected } from "@engram/contracts/errors"
import pg from "pg"
import { createDatabase } from "./database.ts"
import { readUnidentified, type UnidentifiedMemories } from "./unidentified-memories.ts"

/** One row of `agent_memories`; its columns may hold null, whatever they were meant to. */
export interface LegacyMemory {
  readonly id: string
  readonly workspaceId: string | null
  readonly content: string | null
  readonly scope: string | null
}

export interface LegacyWorkspace {
  readonly id: string
  readonly parentId: string | null
  readonly name: string
  readonly removed: boolean
}

/** Where a reader stopped. `createdAt` is Postgres' own text: a Date would lose its microseconds. */
export interface LegacyPosition {
  readonly createdAt: string
  readonly id: string
}

/** All conditions must hold; scopes are compared as they are written. */
export interface LegacySelection {
  readonly workspaceIds?: readonly string[]
  readonly scopes?: readonly string[]
  readonly after?: LegacyPosition
}

export interface LegacyTally {
  readonly workspaceId: string | null
  readonly scope: string | null
  readonly blank: boolean
  readonly rows: number
}

export interface LegacyBatch {
  readonly rows: readonly LegacyMemory[]
  /** That of the last row of the batch. */
  readonly position: LegacyPosition
}

/**
 * The tables the built-in plugin kept its memories in. Read only: every statement runs in a transaction that cannot write. Only
 * `unidentified` speaks of rows without an id, or of one that others have too.
 */
export interface LegacyMemories {
  /** Does `work` unless another process does what has this `name` for this database; then undefined. As `Database.alone`, for which it holds a connection. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T | undefined>
  workspaces(): Promise<LegacyWorkspace[]>
  /** Every way in which a row's scope is written. */
  scopes(): Promise<string[]>
  /** Asks the database once; holds each such id. */
  unidentified(selection: Pick<LegacySelection, "workspaceIds">): Promise<readonly UnidentifiedMemories[]>
  /** Rows per workspace, scope, and whether they are blank. */
  tally(selection: LegacySelection): Promise<LegacyTally[]>
  count(selection: LegacySelection): Promise<number>
  /** Oldest first, in batches of at most `batchRows`; holds one batch, and the keys of some more. */
  read(selection: LegacySelection, batchRows: number): AsyncGenerator<LegacyBatch, void>
}

/** Keys read at a time: without an index on `created_at` each page is one pass over the table, so there should be few. */
const keysMax = 10_000

/** Whether the contract refuses it as blank. */
export const isBlank = ({ content }: Pick<LegacyMemory, "content">): boolean => (content ?? "").trim() === ""

/** The characters that a blank text may consist of, so that Postgres says of a text what `isBlank` says. */
const blanks = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code))
  .filter((content) => isBlank({ content }))
  .join("")

const begin = "begin transaction read only; set local timezone = 'UTC'; set local datestyle = 'ISO'"

const where = `where ($1::uuid[] is null or workspace_id = any($1))
  and ($2::text[] is null or scope = any($2))
  and ($3::timestamptz is null or (coalesce(created_at, '-infinity'), id) > ($3, $4::uuid))
  and id is not null and ($5::uuid[] is null or id not in (select unnest($5)))`

/**
 * The caller ends the pool. A server that is away is `RetryLater`, a database without the tables `Rejected("legacy_missing")`. Once
 * `signal` is aborted nothing more is asked, and Postgres is told to give up what it was asked: that may take it minutes.
 */
export function createLegacyMemories(pool: pg.Pool, { signal }: { readonly signal: AbortSignal }): LegacyMemories {
  const query = async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
    const client = await pool.connect()
    let failure: unknown
    try {
      await client.query(begin)
      const [backend] = (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows
      const cancel = () => pool.query("select pg_cancel_backend($1)", [backend?.pid])
      return (await untilAborted(signal, cancel, () => client.query<Row>(text, [...values]))).rows
    } catch (error) {
      failure = error
      throw explained(error)
    } finally {
      // A connection that cannot end its transaction must not be lent again.
      const broken = await client.query("rollback").then(
        () => undefined,
        () => (failure instanceof Error ? failure : true),
      )
      client.release(broken)
    }
  }
  const { check, alone } = createDatabase(pool)
  let asked: Promise<UnidentifiedMemories[]> | undefined
  const unidentified = async ({
    workspaceIds,
  }: Pick<LegacySelection, "workspaceIds">): Promise<UnidentifiedMemories[]> => {
    asked ??= readUnidentified(query, blanks)
    const all = await asked
    return all.filter(
      ({ workspaceId }) => !workspaceIds || (workspaceId !== null && workspaceIds.includes(workspaceId)),
    )
  }
  const parameters = async ({ workspaceIds, scopes, after }: LegacySelection): Promise<unknown[]> => {
    const ids = (await unidentified({})).flatMap(({ id }) => id ?? [])
    return [
      workspaceIds ?? null,
      scopes ?? null,
      after?.createdAt ?? null,
      after?.id ?? null,
      ids.length > 0 ? ids : null,
    ]
  }

  return {
    alone,
    async workspaces() {
      await check()
      return query<LegacyWorkspace>(
        `select id::text, parent_id::text as "parentId", coalesce(name, '') as name, coalesce(status = 'removed', false) as removed
         from workspaces`,
      )
    },
    async scopes() {
      const rows = await query<{ scope: string }>("select distinct scope from agent_memories where scope is not null")
      return rows.map(({ scope }) => scope)
    },
    unidentified,
    tally: async (selection) =>
      query<LegacyTally>(
        `select workspace_id::text as "workspaceId", scope, coalesce(btrim(content, $6), '') = '' as blank, count(*)::int as rows
         from agent_memories ${where} group by 1, 2, 3 order by 1, 2, 3`,
        [...(await parameters(selection)), blanks],
      ),
    async count(selection) {
      const [row] = await query<{ rows: number }>(
        `select count(*)::int as rows from agent_memories ${where}`,
        await parameters(selection),
      )
      return row?.rows ?? 0
    },
    async *read(selection, batchRows) {
      let after = selection.after
      for (;;) {
        const keys = await query<LegacyPosition>(
          `select coalesce(created_at, '-infinity')::text as "createdAt", id::text from agent_memories ${where}
           order by coalesce(created_at, '-infinity'), id limit ${keysMax}`,
          await parameters({ ...selection, ...(after && { after }) }),
        )
        for (let start = 0; start < keys.length; start += batchRows) {
          const batch = keys.slice(start, start + batchRows)
          const found = await query<LegacyMemory>(
            `select id::text, workspace_id::text as "workspaceId", content, scope from agent_memories where id = any($1::uuid[])`,
            [batch.map(({ id }) => id)],
          )
          const byId = new Map(found.map((row) => [row.id, row]))
          yield { rows: batch.flatMap(({ id }) => byId.get(id) ?? []), position: batch.at(-1)! }
        }
        after = keys.at(-1)
        if (keys.length < keysMax) return
      }
    },
  }
}

async function untilAborted<T>(signal: AbortSignal, cancel: () => Promise<unknown>, ask: () => Promise<T>): Promise<T> {
  // Where it cannot be said, the statement comes to its own end.
  const onAbort = (): void => void cancel().catch(() => {})
  signal.throwIfAborted()
  signal.addEventListener("abort", onAbort)
  try {
    return await ask()
  } finally {
    signal.removeEventListener("abort", onAbort)
  }
}

/** A missing table or column means that this is some other database. */
function explained(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError) || !["42P01", "42703", "42883"].includes(error.code ?? "")) return error
  const words =
    "backfill reads the tables agent_memories(id, workspace_id, content, scope, created_at) and workspaces(id, parent_id, name, status)"
  return new Rejected(
    "legacy_missing",
    `${error.message}: ${words}; DATABASE_URL must name the legacy database, not Engram's`,
    {
      cause: error,
    },
  )
}
