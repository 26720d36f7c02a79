import type pg from "pg"
import { isReady, runEntered, type Statement } from "./entered-statement.ts"
import { isUnanswered } from "./postgres-errors.ts"

/** Runs an entered statement behind those that it was given before and that are still under way. */
export type Line = <Row extends object>(statement: () => Statement, entry: Statement) => Promise<Row[]>

interface Lent {
  readonly client: Promise<pg.PoolClient>
  underWay: number
  /** Settles with the answer to what was sent last. */
  last: Promise<unknown> | undefined
  broken: Error | undefined
}

/**
 * One connection for statements that follow each other closely: each is sent at once, and lies there when Postgres has answered those
 * before it (decision 17). One that is refused takes no other along; what cuts the connection takes all. The pool has it back once
 * nothing is under way: others need a second one until then, and who ends the pool waits for the line first.
 */
export function createLine(pool: pg.Pool): Line {
  let lent: Lent | undefined
  const join = (): Lent => {
    lent ??= { client: pool.connect(), underWay: 0, last: undefined, broken: undefined }
    lent.underWay++
    return lent
  }
  const leave = (mine: Lent): void => {
    mine.underWay--
    if (mine.underWay > 0) return
    lent = undefined
    void mine.client.then(
      (client) => client.release(mine.broken),
      () => {},
    )
  }
  return async <Row extends object>(statement: () => Statement, entry: Statement): Promise<Row[]> => {
    const mine = join()
    try {
      const client = await mine.client
      const next = statement()
      // One of those that wait goes first, and the others wait for its answer.
      while (mine.last && !(isReady(client, entry) && isReady(client, next))) {
        const { last } = mine
        await last
        if (mine.last === last) mine.last = undefined
      }
      // Each of those before it may take as long as a statement may.
      const timeoutMs = (pool.options.query_timeout ?? 0) * mine.underWay
      const rows = runEntered<Row>(client, next, entry, timeoutMs)
      mine.last = rows.catch(() => {})
      return await rows
    } catch (error) {
      if (isUnanswered(error)) mine.broken = error
      throw error
    } finally {
      leave(mine)
    }
  }
}
