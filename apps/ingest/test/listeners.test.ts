import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { setImmediate } from "node:timers/promises"
import { expect, test } from "vitest"
import { ensureFree, openListeners, shared } from "../src/listeners.ts"

const host = "127.0.0.1"

async function withListeners(check: (port: number, http: Server) => Promise<void>): Promise<void> {
  const http = createServer((_request, response) => response.end("answered"))
  http.listen({ host, port: 0, ...shared })
  await once(http, "listening")
  const closeListeners = await openListeners(http, { connectionsMax: 1_000 })
  try {
    await check((http.address() as AddressInfo).port, http)
  } finally {
    const ended = once(http, "close")
    http.close()
    http.closeAllConnections()
    await Promise.all([ended, closeListeners()])
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
    await expect(ensureFree({ host, port })).rejects.toThrow("EADDRINUSE")
  }))
