import type { Socket } from "node:net"
import type { FastifyInstance } from "fastify"

/**
 * With so many in line a connection is not read on: what one chunk of it held is all that waits. Below that it is, since only who
 * reads a connection learns that its client is gone.
 */
const inLineMax = 16

/**
 * What a client sends on one connection without waiting for answers is carried out in that order (RFC 9112, 9.3.2): a request begins
 * once the answer before it is out, and never when the connection ends with that. To be called before the hooks of a request's work are added.
 */
export function takeTurns(app: FastifyInstance): void {
  const lines = new WeakMap<Socket, number>()
  const isLong = (socket: Socket): boolean => (lines.get(socket) ?? 0) >= inLineMax
  // Whoever reads a body has its connection read on; in a long line that body has long come.
  const staysUnread = (socket: Socket) => () => {
    if (isLong(socket)) socket.pause()
  }

  app.addHook("onRequest", ({ raw: { socket } }, { raw: response }, done) => {
    // Node gives a response its socket when those before it are out.
    if (response.socket !== null) {
      done()
      return
    }
    const inLine = lines.get(socket)
    if (inLine === undefined) socket.on("resume", staysUnread(socket))
    lines.set(socket, (inLine ?? 0) + 1)
    if (isLong(socket)) socket.pause()
    response.once("socket", () => {
      const wasLong = isLong(socket)
      lines.set(socket, lines.get(socket)! - 1)
      if (wasLong && !isLong(socket)) socket.resume()
      done()
    })
  })
}
