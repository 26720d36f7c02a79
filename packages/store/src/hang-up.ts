import type { Socket } from "node:net"
import type pg from "pg"

/**
 * Gives what cuts the connections that the pool makes from now on. Ending a connection would wait for what was sent on it; of one that
 * is cut, Postgres ends the statement when it looks for who asked, after a minute at most.
 */
export function hangUpOf(pool: pg.Pool): () => void {
  const sockets = new Set<Socket>()
  const socketOf = (client: object): Socket => (client as { connection: { stream: Socket } }).connection.stream
  pool.on("connect", (client) => sockets.add(socketOf(client)))
  pool.on("remove", (client) => sockets.delete(socketOf(client)))
  return () => {
    for (const socket of sockets) socket.destroy()
  }
}
