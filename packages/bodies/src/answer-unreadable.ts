import { STATUS_CODES } from "node:http"
import type { Socket } from "node:net"

/** Why there is no request to speak of. */
interface Unreadable {
  readonly status: number
  readonly message: string
}

const unreadable: { readonly [code: string]: Unreadable } = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: "the request did not come to its end in time" },
  HPE_HEADER_OVERFLOW: { status: 431, message: "the request line and the headers are too long" },
}
const notHttp: Unreadable = { status: 400, message: "the request is not HTTP" }

/** What Node gives up before it is a request is answered as a door refuses a bad request; then the connection ends. */
export function answerUnreadable(
  { code }: { readonly code: string },
  socket: Socket,
  onRefused: (status: number) => void,
): void {
  if (code === "ECONNRESET" || socket.destroyed) return
  const { status, message } = unreadable[code] ?? notHttp
  onRefused(status)
  const body = JSON.stringify({ code: "bad_request", message })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ]
  if (socket.writable) socket.write(`${head.join("\r\n")}\r\n\r\n${body}`)
  socket.destroy()
}
