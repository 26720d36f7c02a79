import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { setImmediate } from "node:timers/promises"
import { expect, test } from "vitest"
import { ensureFree, openDoors, shared } from "../src/doors.ts"

const host = "127.0.0.1"

async function withDoors(check: (port: number, http: Server) => Promise<void>): Promise<void> {
  const http = createServer((_request, response) => response.end("answered"))
  http.listen({ host, port: 0, ...shared })
  await once(http, "listening")
  const closeDoors = await openDoors(http, { connectionsMax: 1_000 })
  try {
    await check((http.address() as AddressInfo).port, http)
  } finally {
    const ended = once(http, "close")
    http.close()
    http.closeAllConnections()
    await Promise.all([ended, closeDoors()])
  }
}

test.runIf(process.platform === "linux")("many that connect at once get in within few turns of the event loop", () =>
  withDoors(async (port, http) => {
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

test("whichever door they come through, requests are answered", () =>
  withDoors(async (port) => {
    const answers = Array.from({ length: 50 }, async () => (await fetch(`http://${host}:${port}`)).text())
    expect(new Set(await Promise.all(answers))).toEqual(new Set(["answered"]))
  }))

test("a port that is taken is still taken, whoever shares it", () =>
  withDoors(async (port) => {
    await expect(ensureFree({ host, port })).rejects.toThrow("EADDRINUSE")
  }))
