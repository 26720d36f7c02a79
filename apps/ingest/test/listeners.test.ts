import { once } from "node:events"
import type { Server } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { setImmediate } from "node:timers/promises"
import { fastify } from "fastify"
import { expect, test } from "vitest"
import { listen } from "../src/listeners.ts"

const host = "127.0.0.1"
const limits = { connectionsMax: 1_000 }

async function withListeners(check: (port: number, http: Server) => Promise<void>): Promise<void> {
  const app = fastify()
  app.get("/", () => "answered")
  const listening = await listen(app, { host, port: 0 }, limits)
  try {
    await check((app.server.address() as AddressInfo).port, app.server)
  } finally {
    const closed = Promise.all([app.close(), listening.close()])
    app.server.closeAllConnections()
    await closed
  }
}

test.runIf(process.platform === "linux")("many that connect at once get in within few turns of the event loop", () =>
  withListeners(async (port, http) => {
    let inside = 0
    http.on("connection", () => inside++)
    const sockets = Array.from({ length: 64 }, () => connect(port, host))
    await Promise.all(sockets.map((socket) => once(socket, "connect")))
    let turns = 0
    for (; inside < 64; turns++) await setImmediate()
    // One listener takes as many turns as there are connections.
    expect(turns).toBeLessThan(40)
    for (const socket of sockets) socket.destroy()
  }),
)

test("whichever listener takes them, requests are answered", () =>
  withListeners(async (port) => {
    const answers = Array.from({ length: 50 }, async () => (await fetch(`http://${host}:${port}`)).text())
    expect(new Set(await Promise.all(answers))).toEqual(new Set(["answered"]))
  }))

test("a port that is taken is still taken, whoever shares it", () =>
  withListeners(async (port) => {
    await expect(listen(fastify(), { host, port }, limits)).rejects.toThrow("EADDRINUSE")
  }))
