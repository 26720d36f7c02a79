import pg from "pg"
import { storableJson } from "./storable-json.ts"

/** Inside a transaction: plain SQL for the set-based statements, and Drizzle (`ormOf`) for the others. */
export interface Transaction {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /**
   * Inserts rows of one shape in one statement. Their keys are the table's columns in camel case; `conflict` is the rest of the
   * statement. One JSON parameter serves any number of rows and columns, where Postgres allows 65,535 parameters.
   */
  insert<Row extends object>(table: string, rows: readonly object[], conflict?: string): Promise<Row[]>
  /**
   * Sends a statement and goes on, so that Postgres works on it while the next rows are made. One that fails takes the transaction
   * along: whatever is asked next throws its error, and so does the end.
   */
  send(text: string, values?: readonly unknown[]): void
  /** The same for rows. */
  sendRows(table: string, rows: readonly object[], conflict?: string): void
  readonly client: pg.PoolClient
}

/** How a statement is sent: by a name where the connection is to keep its plan. */
export type Named = (text: string) => { readonly name?: string; readonly text: string }

export function transaction(
  client: pg.PoolClient,
  named: Named,
  begun: Promise<unknown>,
): { readonly tx: Transaction; readonly answered: () => Promise<void> } {
  let failure: { readonly error: unknown } | undefined
  // What follows a failure only says that there was one.
  const failed = (error: unknown): void => {
    failure ??= { error }
  }
  const sent = [begun.catch(failed)]
  const query = async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
    try {
      return (await client.query<Row>({ ...named(text), values: [...values] })).rows
    } catch (error) {
      failed(error)
      throw failure!.error
    }
  }
  const send = (text: string, values?: readonly unknown[]): void => {
    sent.push(query(text, values).then(() => {}, failed))
  }
  const tx: Transaction = {
    client,
    query,
    send,
    insert: async (table, rows, conflict) => (rows[0] === undefined ? [] : query(...insertOf(table, rows, conflict))),
    sendRows: (table, rows, conflict) => {
      if (rows[0] !== undefined) send(...insertOf(table, rows, conflict))
    },
  }
  const answered = async () => {
    await Promise.all(sent)
    if (failure) throw failure.error
  }
  return { tx, answered }
}

function insertOf(table: string, rows: readonly object[], conflict = ""): [text: string, values: string[]] {
  const names = Object.keys(rows[0]!).map((key) => [key, snakeCase(key)] as const)
  const columns = names.map(([, column]) => pg.escapeIdentifier(column)).join(", ")
  const records = rows.map((row) => {
    const record: Record<string, unknown> = {}
    for (const [key, column] of names) record[column] = row[key as keyof typeof row]
    return record
  })
  const text = `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1) ${conflict}`
  return [text, [storableJson(records)]]
}

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
