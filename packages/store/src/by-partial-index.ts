/**
 * Run before a statement that looks for what is owed. Postgres takes `is distinct from` for nearly every row, and would read
 * the whole table rather than the partial index that holds just the owed ones: measured at 4,000 vectors 2 ms instead of
 * 0.05, and growing with the store. Ends with the transaction.
 */
export const byPartialIndex = "set local enable_seqscan = off"
