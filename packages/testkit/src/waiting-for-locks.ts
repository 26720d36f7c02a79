/** How many connections of a database wait for a lock; `rows` asks that database. */
export async function waitingForLocks(rows: (sql: string) => Promise<readonly unknown[]>): Promise<number> {
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
  return (await rows(waiting)).length
}
