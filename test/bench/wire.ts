import { connect, type Socket } from "node:net"

// Requests are made beforehand and written to plain sockets, so that the sender costs little beside what it measures: an
// HTTP client would take as much time as the server.

export interface Exchanged {
  readonly status: number
  readonly body: string
}

export interface Sent {
  /** When the first request went out, in ms since 1970. */
  readonly startedAt: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of each request, in the order they were given. */
  readonly latencies: readonly number[]
  readonly statuses: { readonly [status: string]: number }
  /** Share of one core that the sender itself used. */
  readonly senderCpu: number
}

/** Sends each request once over `connections` sockets, each with the next one as soon as its last is answered. */
export async function sendOver(options: {
  readonly url: string
  readonly connections: number
  readonly requests: readonly Buffer[]
  readonly onAnswer?: (at: number, answer: Exchanged) => void
}): Promise<Sent> {
  const { url, connections, requests, onAnswer } = options
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(url)))
  const latencies: number[] = Array.from({ length: requests.length }, () => 0)
  const statuses: { [status: string]: number } = {}
  const cpuBefore = process.cpuUsage()
  const startedAt = Date.now()
  const started = performance.now()
  let next = 0
  const sendAll = async (socket: Socket): Promise<void> => {
    for (let at = next++; at < requests.length; at = next++) {
      const sentAt = performance.now()
      const answer = await exchange(socket, requests[at]!)
      latencies[at] = performance.now() - sentAt
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      onAnswer?.(at, answer)
    }
  }
  await Promise.all(sockets.map(sendAll))
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  for (const socket of sockets) socket.destroy()
  return {
    startedAt,
    seconds,
    perSecond: requests.length / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    latencies,
    statuses,
    senderCpu: (user + system) / 1e6 / seconds,
  }
}

export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!

/** One request as it goes over the wire. */
export function requestBytes(
  method: string,
  url: URL,
  body: Buffer,
  headers: { readonly [name: string]: string } = { "content-type": "application/json" },
): Buffer {
  const all = { host: url.host, "content-length": body.byteLength, ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return Buffer.concat([Buffer.from(`${method} ${url.pathname} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`), body])
}

function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket))
    socket.once("error", reject)
  })
}

/** Writes one request and resolves once the whole answer is there. */
function exchange(socket: Socket, request: Buffer): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    let text = ""
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1")
      const end = text.indexOf("\r\n\r\n")
      if (end < 0) return
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
      if (text.length < end + 4 + length) return
      stop()
      resolve({ status: Number(text.slice(9, 12)), body: text.slice(end + 4) })
    }
    const onGone = (): void => {
      stop()
      reject(new Error(`the connection closed after: ${text.slice(0, 200)}`))
    }
    const stop = (): void => void socket.off("data", onData).off("close", onGone)
    socket.on("data", onData).on("close", onGone)
    socket.write(request)
  })
}
