import { once } from "node:events"
import { createServer, type Server } from "node:net"
import type { FastifyInstance } from "fastify"

/**
 * libuv accepts one connection a turn of the event loop from each listener, and a turn answers all who are in already: the last of
 * 64 that connected at once waited 60 to 150 ms (measured). Linux lets several listeners share a port; elsewhere there is one.
 */
const listenersMax = process.platform === "linux" ? 8 : 1

const shared = listenersMax > 1 ? { reusePort: true } : {}

interface Address {
  readonly host: string
  readonly port: number
}

export interface Listening {
  readonly url: string
  /** The others stop listening; that of the app does when the app is closed. Resolves once none of theirs is connected. */
  close(): Promise<unknown>
}

/**
 * Listens for `app` with as many listeners as the system lets share a port; `connectionsMax` is divided among them. Throws
 * EADDRINUSE when the port is taken.
 */
export async function listen(
  app: Pick<FastifyInstance, "listen" | "server">,
  address: Address,
  { connectionsMax }: { readonly connectionsMax: number },
): Promise<Listening> {
  await ensureFree(address)
  const share = Math.ceil(connectionsMax / listenersMax)
  app.server.maxConnections = share
  const url = await app.listen({ ...address, ...shared })
  const bound = app.server.address()
  if (bound === null || typeof bound === "string") throw new Error("the server listens on no port")
  const others = Array.from({ length: listenersMax - 1 }, () => {
    // As http.Server takes connections itself.
    const options = { allowHalfOpen: true, noDelay: true }
    const other = createServer(options, (socket) => app.server.emit("connection", socket))
    other.maxConnections = share
    return other
  })
  for (const other of others) await listening(other, { host: bound.address, port: bound.port, ...shared })
  return { url, close: () => Promise.all(others.map(closed)) }
}

/** Listeners that share a port would be let in beside those of another process. */
async function ensureFree(address: Address): Promise<void> {
  if (address.port === 0) return
  const probe = createServer()
  await listening(probe, address)
  await closed(probe)
}

async function listening(server: Server, options: Address & { readonly reusePort?: boolean }): Promise<void> {
  server.listen(options)
  await once(server, "listening")
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
