import { connect, type Socket } from "node:net"
import { answer } from "../child.ts"
import { type LoadDelivery, makeLoad, underNewKeys } from "../load.ts"
import { signedHeaders } from "../sign.ts"

/** What the sender is asked for: the deliveries of one load, posted to one URL. */
export interface SendOrder {
  readonly url: string
  readonly path: string
  readonly count: number
  readonly seed?: string
  readonly newKeys?: boolean
  readonly connections: number
}

export interface Sent {
  /** When the first request went out, in ms since 1970: the load was made before. */
  readonly startedAt: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly statuses: { readonly [status: string]: number }
  /** Share of one core that the sender itself used. */
  readonly senderCpu: number
}

/**
 * Requests are made beforehand and written to plain sockets, so that the sender costs little beside what it measures:
 * signing and an HTTP client would take as much time as the server.
 */
async function send(order: SendOrder): Promise<Sent> {
  const load = makeLoad({ count: order.count, ...(order.seed && { seed: order.seed }) })
  const requests = (order.newKeys ? underNewKeys(load) : load).map((delivery) => requestOf(delivery, order))
  const sockets = await Promise.all(Array.from({ length: order.connections }, () => open(order.url)))
  const latencies: number[] = []
  const statuses: { [status: string]: number } = {}
  const cpuBefore = process.cpuUsage()
  const startedAt = Date.now()
  const started = performance.now()
  let next = 0
  const sendAll = async (socket: Socket): Promise<void> => {
    for (let at = next++; at < requests.length; at = next++) {
      const sentAt = performance.now()
      const status = await exchange(socket, requests[at]!)
      latencies.push(performance.now() - sentAt)
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(sockets.map(sendAll))
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  for (const socket of sockets) socket.destroy()
  latencies.sort((a, b) => a - b)
  return {
    startedAt,
    seconds,
    perSecond: requests.length / seconds,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)]!,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)]!,
    statuses,
    senderCpu: (user + system) / 1e6 / seconds,
  }
}

function requestOf(delivery: LoadDelivery, { path, url }: SendOrder): Buffer {
  const headers = { host: new URL(url).host, "content-length": delivery.body.byteLength, ...signedHeaders(delivery) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`), delivery.body])
}

function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket))
    socket.once("error", reject)
  })
}

/** Writes one request and resolves to the status once the whole answer is there. */
function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ""
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1")
      const end = text.indexOf("\r\n\r\n")
      if (end < 0) return
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
      if (text.length < end + 4 + length) return
      stop()
      resolve(Number(text.slice(9, 12)))
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

answer(send)
