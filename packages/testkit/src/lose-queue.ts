/** Runs a statement of the database's owner. */
type Ask = (sql: string) => Promise<readonly { readonly name: string }[]>

/**
 * Empties the queue's tables in Postgres while it is at work, and returns how many there are. A queue may hold one of them and wait for
 * another; Postgres ends one of the two, and where it was this one it asks again.
 */
export async function loseQueue(ask: Ask): Promise<number> {
  const tables = await ask(
    "select format('bullmq.%I', tablename) as name from pg_tables where schemaname = 'bullmq' and tablename <> 'migration'",
  )
  const empty = (): Promise<unknown> =>
    ask(`truncate ${tables.map(({ name }) => name).join(", ")} cascade`).catch((error) => {
      if (error.code !== "40P01") throw error
      return empty()
    })
  await empty()
  return tables.length
}
