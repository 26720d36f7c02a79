import pg from "pg"

/** What `pg` calls while a query of its own is sent and answered; its types leave these out. */
interface Wire {
  readonly submittedNamedStatements: Record<string, string>
  readonly parsedStatements: Readonly<Record<string, string>>
  parse(message: { readonly name: string; readonly text: string }): void
  bind(message: { readonly statement: string; readonly values: readonly unknown[] }): void
  execute(message: { readonly portal: string }): void
}
interface QueryOfPg {
  name: string | undefined
  text: string
  prepare(wire: Wire): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, wire: Wire): void
  handleError(error: Error, wire: Wire): void
}
const Query = pg.Query as unknown as new (config: object) => QueryOfPg

/** A name makes the connection keep the plan. */
export interface Statement {
  readonly name?: string
  readonly text: string
  readonly values: unknown[]
}

/**
 * What Postgres cannot estimate it takes for dear, and where it can compile (`jit`, on unless it is told otherwise) it would compile
 * statements for much longer than they run: a search of 2 ms took 1.7 s (measured, Postgres 15 as Debian ships it).
 */
export const uncompiled = "set_config('jit', 'off', true)"

/**
 * Becomes the tenant role in its workspace until the transaction ends. Plans are made once, whatever the values, and by index: what
 * an owed row is Postgres cannot estimate, and planning such a statement anew takes as long as running it.
 */
const enter = `select set_config('role', 'engram_app', true), set_config('app.workspace_id', $1, true),
  set_config('synchronous_commit', $2, true), set_config('plan_cache_mode', 'force_generic_plan', true),
  set_config('enable_seqscan', 'off', true), ${uncompiled}`
/** The same, with a lock that is shared until then: had before the statement begins, so that it sees what it waited for. */
const enterSharing = `${enter}, pg_advisory_xact_lock_shared(hashtextextended($3, 0))`

const enterFleet = `select set_config('role', 'engram_fleet', true), set_config('synchronous_commit', $1, true), ${uncompiled}`

type Entry = Pick<Statement, "text" | "values">

const commitOf = (durable: boolean): string => (durable ? "on" : "off")

/** What a transaction of planned statements begins with. */
export const workspaceEntry = (
  workspaceId: string,
  { durable, sharing }: { readonly durable: boolean; readonly sharing?: string | undefined },
): Entry => ({
  text: sharing === undefined ? enter : enterSharing,
  values: [workspaceId, commitOf(durable), ...(sharing === undefined ? [] : [sharing])],
})

/** What a statement of the narrow role that spans workspaces begins with. */
export const fleetEntry = (durable: boolean): Entry => ({ text: enterFleet, values: [commitOf(durable)] })

/**
 * Sends two statements and one sync. Postgres runs what stands between two syncs as one transaction: what fails takes all of it
 * along, and what follows a failure is not run. So there is no begin and no commit, and one answer.
 */
class EnteredStatement extends Query {
  /** 0: the pool's. */
  readonly query_timeout: number
  readonly #entry: Statement
  readonly #statement: Statement
  #entered = false

  constructor(entry: Statement, statement: Statement, timeoutMs: number) {
    super({ ...statement, queryMode: "extended" })
    this.query_timeout = timeoutMs
    this.#entry = entry
    this.#statement = statement
  }

  override prepare(wire: Wire): void {
    const { name = "", text, values } = this.#entry
    if (name === "" || (wire.parsedStatements[name] ?? wire.submittedNamedStatements[name]) === undefined) {
      wire.parse({ name, text })
      if (name !== "") wire.submittedNamedStatements[name] = text
    }
    wire.bind({ statement: name, values })
    wire.execute({ portal: "" })
    super.prepare(wire)
    this.#stand(this.#entry)
  }

  /** What is parsed is noted by the name and text that the query has by then. */
  #stand({ name, text }: Statement): void {
    this.name = name
    this.text = text
  }

  override handleDataRow(message: unknown): void {
    if (this.#entered) super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.#entered) super.handleCommandComplete(message, wire)
    else this.#stand(this.#statement)
    this.#entered = true
  }

  override handleError(error: Error, wire: Wire): void {
    if (!this.#entered) {
      for (const name of [this.#entry.name, this.#statement.name]) delete wire.submittedNamedStatements[name ?? ""]
    }
    super.handleError(error, wire)
  }
}

/** Whether it may be sent before what is under way has its answer: a name is worth something once its statement has been parsed. */
export const isReady = (client: pg.PoolClient, { name }: Statement): boolean => {
  const { connection } = client as unknown as { readonly connection: Wire }
  return name === undefined || connection.parsedStatements[name] !== undefined
}

/**
 * Runs one statement behind the entry that takes its role, in a transaction of its own, in one round trip. The connection is given up
 * after `timeoutMs` from now, or after the pool's.
 */
export function runEntered<Row extends object>(
  client: pg.PoolClient,
  statement: Statement,
  entry: Statement,
  timeoutMs = 0,
): Promise<Row[]> {
  const query = new EnteredStatement(entry, statement, timeoutMs)
  return new Promise((resolve, reject) => {
    const answered = (error: Error | undefined, result: pg.QueryResult<Row>): void =>
      error ? reject(error) : resolve(result.rows)
    void client.query(query as unknown as string, answered)
  })
}
