import { once } from "node:events"
import type { Server as HttpServer } from "node:http"
import { createServer, type Server } from "node:net"

/**
 * libuv accepts one connection a turn of the event loop from each listener, and a turn answers all who are in already: the last of
 * 64 that connected at once waited 60 to 150 ms (measured). Linux lets several listeners share a port; elsewhere there is one.
 */
const listenersMax = process.platform === "linux" ? 8 : 1

export interface Address {
  readonly host: string
  readonly port: number
}

/** Throws EADDRINUSE when the port is taken: listeners that share a port would be let in beside those of another process. */
export async function ensureFree({ host, port }: Address): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  await listening(probe, { host, port })
  await closed(probe)
}

/** How the first listener listens, so that others may share its port. */
export const shared = listenersMax > 1 ? { reusePort: true } : {}

/** More listeners beside that of `http`, which gets their connections. Returns what closes them. */
export async function openListeners(
  http: HttpServer,
  { connectionsMax }: { readonly connectionsMax: number },
): Promise<() => Promise<unknown>> {
  const share = Math.ceil(connectionsMax / listenersMax)
  http.maxConnections = share
  const address = http.address()
  if (address === null || typeof address === "string") throw new Error("the server listens on no port")
  const others = Array.from({ length: listenersMax - 1 }, () => {
    // As http.Server takes connections itself.
    const other = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => http.emit("connection", socket))
    other.maxConnections = share
    return other
  })
  for (const other of others) await listening(other, { host: address.address, port: address.port, ...shared })
  return () => Promise.all(others.map(closed))
}

async function listening(server: Server, options: Address & { readonly reusePort?: boolean }): Promise<void> {
  server.listen(options)
  await once(server, "listening")
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
