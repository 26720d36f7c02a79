import { randomUUID } from "node:crypto"
import http from "node:http"
import type { AddressInfo } from "node:net"
import { z } from "zod"

const Name = z
  .string()
  .regex(/^[a-z]+:[A-Za-z0-9_:.-]+$/)
  .max(256)
const Put = z.strictObject({ kind: z.enum(["workspace", "team", "org", "custom"]) })
const Write = z.strictObject({
  id: z.guid().optional(),
  content: z.string().refine((text) => text.trim() !== "", "content must not be blank"),
  kind: z.enum(["fact", "summary", "checkpoint"]),
  source: z.enum(["agent", "runtime", "user"]),
})
const Search = z.strictObject({
  namespaces: z.array(Name).min(1),
  query: z.string().optional(),
  limit: z.number().int().min(0).max(100).optional(),
})

interface StoredMemory {
  readonly id: string
  namespace: string
  content: string
}

interface Fault {
  readonly status: number
  readonly retryAfter?: string
  /** The connection breaks instead, after the write was made. */
  readonly torn?: boolean
}

/**
 * The parts of the contract that the backfill uses, in memory, and strict: unknown fields are refused, every word of a query
 * must be there, and a search never returns more than it may.
 */
export interface ContractServer {
  readonly url: string
  readonly memories: Map<string, StoredMemory>
  readonly namespaces: Map<string, { kind: string; puts: number }>
  /** What to answer instead of what was asked; called once per request. */
  fault: (path: string, requests: number) => Fault | undefined
  requests: number
  /** The most requests that were open at a time. */
  openMax: number
  close(): Promise<void>
}

export async function startContractServer(): Promise<ContractServer> {
  let open = 0
  const server = http.createServer(async (request, response) => {
    site.openMax = Math.max(site.openMax, ++open)
    response.on("close", () => open--)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const path = request.url ?? ""
    const fault = site.fault(path, ++site.requests)
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString("utf8")) : undefined
    if (fault && !fault.torn) {
      response.writeHead(fault.status, fault.retryAfter ? { "retry-after": fault.retryAfter } : {})
      return response.end(JSON.stringify({ code: "unavailable", message: "planted" }))
    }
    const [status, answer] = route(site, request.method ?? "", path, body)
    if (fault?.torn) return request.socket.destroy()
    response.writeHead(status, { "content-type": "application/json" })
    return response.end(JSON.stringify(answer))
  })
  const site: ContractServer = {
    url: "",
    memories: new Map(),
    namespaces: new Map(),
    fault: () => undefined,
    requests: 0,
    openMax: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return Object.assign(site, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

type Reply = [number, object]
const refused = (error: z.ZodError): Reply => [400, { code: "bad_request", message: z.prettifyError(error) }]

function route(site: ContractServer, method: string, path: string, body: unknown): Reply {
  if (method === "GET" && path === "/v1/health") {
    return [200, { status: "ok", version: "1.0.0", capabilities: ["fts"] }]
  }
  if (method === "POST" && path === "/v1/search") return search(site, body)
  const [, encoded = "", memories] = /^\/v1\/namespaces\/([^/]+)(\/memories)?$/.exec(path) ?? []
  const name = Name.safeParse(decodeURIComponent(encoded))
  if (!name.success) return refused(name.error)
  if (method === "PUT" && !memories) return put(site, name.data, body)
  if (method === "POST" && memories) return write(site, name.data, body)
  return [404, { code: "not_found", message: `${method} ${path}` }]
}

function put(site: ContractServer, name: string, body: unknown): Reply {
  const read = Put.safeParse(body)
  if (!read.success) return refused(read.error)
  site.namespaces.set(name, { kind: read.data.kind, puts: (site.namespaces.get(name)?.puts ?? 0) + 1 })
  return [200, { name, kind: read.data.kind, created_at: new Date().toISOString() }]
}

function write(site: ContractServer, namespace: string, body: unknown): Reply {
  if (!site.namespaces.has(namespace)) return [404, { code: "not_found", message: `no namespace ${namespace}` }]
  const read = Write.safeParse(body)
  if (!read.success) return refused(read.error)
  const { id = randomUUID(), content } = read.data
  site.memories.set(id, { id, namespace, content })
  return [201, { id, namespace }]
}

function search(site: ContractServer, body: unknown): Reply {
  const read = Search.safeParse(body)
  if (!read.success) return refused(read.error)
  const { namespaces, query, limit } = read.data
  const words = (query ?? "").toLowerCase().split(/\s+/).filter(Boolean)
  const matches = ({ namespace, content }: StoredMemory): boolean =>
    namespaces.includes(namespace) && words.every((word) => content.toLowerCase().includes(word))
  const found = [...site.memories.values()]
    .filter(matches)
    .reverse()
    .slice(0, limit || 20)
  const rest = { kind: "fact", source: "agent", created_at: new Date().toISOString() }
  return [200, { memories: found.map((memory) => ({ ...memory, ...rest })) }]
}
