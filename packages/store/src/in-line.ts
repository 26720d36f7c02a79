import type pg from "pg"
import { isReady, runEntered, type Statement } from "./entered-statement.ts"
import { isUnanswered } from "./postgres-errors.ts"

/** Runs an entered statement behind those that it was given before and that are still under way. */
export type Line = <Row extends object>(statement: () => Statement, entry: Statement) => Promise<Row[]>

interface Lent {
  readonly client: Promise<pg.PoolClient>
  underWay: number
  last?: Promise<unknown>
  broken?: Error
}

/**
 * One connection for statements that follow each other closely: each is sent at once, and lies there when Postgres has answered those
 * before it (decision 17). None fails by another. The connection is the pool's again as soon as nothing is under way.
 */
export function createLine(pool: pg.Pool): Line {
  let lent: Lent | undefined
  return async <Row extends object>(statement: () => Statement, entry: Statement): Promise<Row[]> => {
    lent ??= { client: pool.connect(), underWay: 0 }
    const mine = lent
    mine.underWay++
    try {
      const client = await mine.client
      const next = statement()
      if (mine.last && !(isReady(client, entry) && isReady(client, next))) await mine.last
      const rows = runEntered<Row>(client, next, entry)
      mine.last = rows.catch(() => {})
      return await rows
    } catch (error) {
      if (isUnanswered(error)) mine.broken = error
      throw error
    } finally {
      mine.underWay--
      if (mine.underWay === 0) {
        lent = undefined
        void mine.client.then(
          (client) => client.release(mine.broken),
          () => {},
        )
      }
    }
  }
}
