import { hash } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import { traced } from "@engram/contracts/spans"
import pg from "pg"
import { fleetEntry, runEntered, type Statement, uncompiled, workspaceEntry } from "./entered-statement.ts"
import { createLine } from "./in-line.ts"
import { codeOf, isTurnTaking, isUnanswered, translated } from "./postgres-errors.ts"
import { type Named, type Transaction, transaction } from "./transaction.ts"

export interface Database {
  /** One transaction that sees one workspace, by row-level security. Retried on deadlock, serialization failure and a row that another has just made. */
  inWorkspace<T>(workspaceId: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * The same for statements that run over and over: a connection parses and plans each once, by index, whatever the values. So their
   * texts are few, and each has an index for all it looks for.
   */
  inWorkspacePlanned<T>(workspaceId: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * One such statement in a transaction of its own: it costs one round trip instead of three. `sharing` names a lock that it shares
   * with others like it, and has before it begins. Those `inLine` share a connection, and are sent before the ones ahead of them have
   * their answers. Values that depend on the time are made when the connection is there.
   */
  oneInWorkspace<Row extends object>(
    workspaceId: string,
    text: string,
    values?: readonly unknown[] | (() => readonly unknown[]),
    options?: { readonly sharing?: string; readonly inLine?: boolean },
  ): Promise<Row[]>
  /** One transaction of the narrow role that spans workspaces. */
  asFleet<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** One statement in such a transaction of its own, in one round trip instead of three; a connection parses it once. */
  oneAsFleet<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /**
   * Does `work` unless somebody else does what has this `name`; then undefined. The lock is a transaction's, which keeps its connection
   * also behind a pooler that lends one to a session for no longer; it holds no row and no snapshot, and ends with its process, or
   * after `idleMs` where that vanished without closing its connection (0: when the network tells). What `work` did stands, and so does
   * its result, whatever became of the lock.
   */
  alone<T>(name: string, work: () => Promise<T>, options?: { readonly idleMs?: number }): Promise<T | undefined>
  check(): Promise<void>
  readonly pool: pg.Pool
}

/** Deadlocks, serialization failures and rows just made by another are its turn, not an error; five tries have always been enough. */
const attemptsMax = 5
/** By OpenTelemetry's conventions. */
const system = { "db.system.name": "postgresql" }

/**
 * Connects lazily. The caller ends the pool. Unless `durable`, a transaction that has answered may be lost when Postgres itself
 * crashes in the next second, together with all after it and never without: enough for what is derived from rows that are durable.
 */
export function createDatabase(pool: pg.Pool, { durable = true } = {}): Database {
  const start = durable ? "begin" : "begin; set local synchronous_commit = off"
  const statements = createStatements()
  const line = createLine(pool)
  const kept = ({ text, values }: { readonly text: string; readonly values: readonly unknown[] }): Statement => {
    return { ...statements.named(text), values: [...values] }
  }
  const entryIn = (workspaceId: string, sharing?: string) => kept(workspaceEntry(workspaceId, { durable, sharing }))
  const inTurn = async <T>(attemptOnce: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await traced({ name: "postgres", kind: "client", attributes: system }, attemptOnce)
      } catch (error) {
        if (statements.refused(error) && attempt < attemptsMax) continue
        if (!isTurnTaking(error) || attempt === attemptsMax) throw translated(error)
        await delay(attempt * 10 * Math.random())
      }
    }
  }
  return {
    inWorkspace: (workspaceId, work) =>
      inTurn(() => within(pool, (client) => client.query(`${start}; ${become(workspaceId)}`), work, anew)),
    inWorkspacePlanned: (workspaceId, work) => {
      // The two go out together.
      const begin = (client: pg.PoolClient) => Promise.all([client.query("begin"), client.query(entryIn(workspaceId))])
      return inTurn(() => within(pool, begin, work, statements.named))
    },
    oneInWorkspace: <Row extends object>(
      workspaceId: string,
      text: string,
      values: readonly unknown[] | (() => readonly unknown[]) = [],
      { sharing, inLine = false }: { readonly sharing?: string; readonly inLine?: boolean } = {},
    ) => {
      const statement = () => kept({ text, values: typeof values === "function" ? values() : values })
      return inTurn(() => {
        const entry = entryIn(workspaceId, sharing)
        return inLine ? line<Row>(statement, entry) : once<Row>(pool, statement, entry)
      })
    },
    asFleet: (work) =>
      inTurn(() =>
        within(
          pool,
          (client) => client.query(`${start}; set local role engram_fleet; select ${uncompiled}`),
          work,
          anew,
        ),
      ),
    oneAsFleet: <Row extends object>(text: string, values: readonly unknown[] = []) =>
      inTurn(() => once<Row>(pool, () => kept({ text, values }), kept(fleetEntry(durable)))),
    alone: (name, work, { idleMs = 0 } = {}) => alone(pool, name, work, idleMs),
    check: async () => {
      await pool.query("select 1").catch((error) => {
        throw translated(error)
      })
    },
    pool,
  }
}

/** How long a pool's end waits for a server that does not close its side. */
const closeMs = 2_000

/**
 * `statementTimeoutMs` (60,000 by default) is asked of the server, and 2 seconds later of the connection, in case the server is not
 * there to keep it. Once the pool has ended, Postgres counts none of its connections any more.
 */
export function createPool(
  databaseUrl: string,
  options: { connectionsMax: number; applicationName: string; statementTimeoutMs?: number },
): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? 60_000
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.connectionsMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 2_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    // What is sent without waiting for the answer before is written at once.
    pipeline: true,
  })
  // A connection that breaks is replaced by the pool, and whoever uses it hears of it from the query. Without listeners it
  // would end the process: on the pool while it is idle, on the client while it is lent and between two queries.
  pool.on("error", () => {})
  pool.on("connect", (client) => client.on("error", () => {}))
  endWhole(pool)
  return pool
}

/** Its own end only says goodbye: whoever then looked whether anybody is still connected would at times see this pool. */
function endWhole(pool: pg.Pool): void {
  const open = new Set<Promise<void>>()
  pool.on("connect", (client) => {
    const gone = new Promise<void>((resolve) => client.once("end", resolve)).then(() => void open.delete(gone))
    open.add(gone)
  })
  const end = pool.end.bind(pool)
  pool.end = async () => {
    await end()
    const late = new AbortController()
    await Promise.race([Promise.all(open), delay(closeMs, undefined, { signal: late.signal })])
    late.abort()
  }
}

/** In one round trip with the begin: become the tenant role, and name the workspace, all undone at the end of the transaction. */
const become = (workspaceId: string): string =>
  `set local role engram_app; select set_config('app.workspace_id', ${pg.escapeLiteral(workspaceId)}, true), ${uncompiled}`

async function within<T>(
  pool: pg.Pool,
  begin: (client: pg.PoolClient) => Promise<unknown>,
  work: (tx: Transaction) => Promise<T>,
  named: Named,
): Promise<T> {
  const client = await pool.connect()
  const { tx, answered } = transaction(client, named, begin(client))
  let broken: Error | undefined
  try {
    const result = await work(tx)
    // Goes out behind what was sent. Where that failed, Postgres rolls back, and its answer to this does not say so.
    await Promise.all([answered(), client.query("commit")])
    return result
  } catch (error) {
    // A connection that gave no answer would give none to a rollback either.
    if (isUnanswered(error)) broken = error
    else
      await client.query("rollback").catch((failure: Error) => {
        broken = failure
      })
    // What was sent and failed made the rest fail.
    await answered()
    throw error
  } finally {
    client.release(broken)
  }
}

async function alone<T>(pool: pg.Pool, name: string, work: () => Promise<T>, idleMs: number): Promise<T | undefined> {
  const refuse = (error: unknown): never => {
    throw translated(error)
  }
  const client = await pool.connect().catch(refuse)
  let broken: Error | undefined
  try {
    const begin = `begin; set local idle_in_transaction_session_timeout = ${idleMs}`
    const locked = await client
      .query(begin)
      .then(() => client.query("select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as mine", [name]))
      .catch(refuse)
    return locked.rows[0].mine ? await work() : undefined
  } finally {
    // A connection that cannot give the lock back takes it along.
    await client.query("commit").catch((error: Error) => {
      broken = error
    })
    client.release(broken)
  }
}

async function once<Row extends object>(pool: pg.Pool, statement: () => Statement, entry: Statement): Promise<Row[]> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    return await runEntered<Row>(client, statement(), entry)
  } catch (error) {
    if (isUnanswered(error)) broken = error
    throw error
  } finally {
    client.release(broken)
  }
}

const anew: Named = (text) => ({ text })

/** Statements by a name of their own, so that a connection keeps their plans. */
function createStatements() {
  const names = new Map<string, string>()
  let keeps = true
  return {
    named: ((text) => {
      if (!keeps) return { text }
      const name = names.get(text) ?? `engram_${hash("sha256", text, "hex").slice(0, 16)}`
      names.set(text, name)
      return { name, text }
    }) satisfies Named,
    /** A pooler between us and Postgres may not keep names (PgBouncer before 1.21): from then on none are given. */
    refused: (error: unknown): boolean => {
      const isRefusal = ["26000", "42P05"].includes(codeOf(error))
      if (isRefusal) keeps = false
      return isRefusal
    },
  }
}
