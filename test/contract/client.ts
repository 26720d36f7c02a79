import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { FailureAnswer, FoundAnswer, HealthAnswer, NamespaceAnswer, WrittenAnswer } from "@engram/contracts/memories"
import type { z } from "zod"

export type Found = z.infer<typeof FoundAnswer>["memories"][number]

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what another plugin answers is anybody's guess until it is checked
  readonly body: any
}

/** A memory plugin, asked as the contract has it. Every success is checked for its shape, every failure for its words. */
export interface Client {
  /** How many numbers the embeddings of this run have. */
  readonly dimension: number
  readonly capabilities: readonly string[]
  /** A string goes as it is, anything else as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Asks, and fails unless the answer is this failure of the contract. */
  refused(status: number, code: string, method: string, path: string, body?: unknown): Promise<Answer>
  /** A namespace of this run only. */
  namespace(kind?: string): Promise<string>
  put(name: string, body: unknown): Promise<z.infer<typeof NamespaceAnswer>>
  /** Writes a fact unless said otherwise, and gives its id. */
  write(namespace: string, memory: string | Record<string, unknown>): Promise<string>
  search(namespaces: string | readonly string[], more?: Record<string, unknown>): Promise<Found[]>
  /** Contents, in order. */
  contents(namespaces: string | readonly string[], more?: Record<string, unknown>): Promise<string[]>
  /** A direction in the plane of the first two axes, so that cosines are known. */
  at(degrees: number): number[]
}

/** `fetch` may be one that goes through a unix socket. */
export async function createClient(
  url: string,
  { dimension = 8, fetch = globalThis.fetch }: { dimension?: number; fetch?: typeof globalThis.fetch } = {},
): Promise<Client> {
  const base = url.replace(/\/$/, "")

  const ask: Client["ask"] = async (method, path, body, headers = { "content-type": "application/json" }) => {
    const sent = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body)
    const response = await fetch(base + path, { method, headers, ...(sent === undefined ? {} : { body: sent }) })
    const text = await response.text()
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: text === "" ? undefined : readJson(text),
    }
    if (answer.status >= 400 && path !== "/v1/health") checkShape(FailureAnswer, answer, `${method} ${path}`)
    return answer
  }

  const succeeds = async (status: number, method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await ask(method, path, body)
    assert.equal(answer.status, status, `${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`)
    return answer
  }

  const client: Omit<Client, "capabilities"> = {
    dimension,
    ask,
    refused: async (status, code, method, path, body) => {
      const answer = await ask(method, path, body)
      const about = `${method} ${path} with ${JSON.stringify(body)?.slice(0, 200)}: ${answer.text.slice(0, 300)}`
      assert.equal(answer.status, status, about)
      assert.equal(answer.body.code, code, about)
      assert.ok(answer.body.message.length > 5, `the message says why: ${about}`)
      return answer
    },
    namespace: async (kind = "custom") => {
      const name = `${kind}:contract-${randomUUID()}`
      await client.put(name, { kind })
      return name
    },
    put: async (name, body) => {
      const answer = await succeeds(200, "PUT", `/v1/namespaces/${encodeURIComponent(name)}`, body)
      return checkShape(NamespaceAnswer, answer, "a namespace")
    },
    write: async (namespace, memory) => {
      const body = { kind: "fact", source: "agent", ...(typeof memory === "string" ? { content: memory } : memory) }
      const answer = await succeeds(201, "POST", `/v1/namespaces/${encodeURIComponent(namespace)}/memories`, body)
      const written = checkShape(WrittenAnswer, answer, "a written memory")
      assert.equal(written.namespace, namespace)
      return written.id
    },
    search: async (namespaces, more = {}) => {
      const names = typeof namespaces === "string" ? [namespaces] : namespaces
      const answer = await succeeds(200, "POST", "/v1/search", { namespaces: names, ...more })
      return checkShape(FoundAnswer, answer, "what a search found").memories
    },
    contents: async (namespaces, more) => (await client.search(namespaces, more)).map(({ content }) => content),
    at: (degrees) => {
      const angle = (degrees * Math.PI) / 180
      return Array.from({ length: dimension }, (_, i) => (i === 0 ? Math.cos(angle) : i === 1 ? Math.sin(angle) : 0))
    },
  }
  const health = await succeeds(200, "GET", "/v1/health")
  const { capabilities } = checkShape(HealthAnswer, health, "health")
  return { ...client, capabilities }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new assert.AssertionError({ message: `an answer is not JSON: ${text.slice(0, 200)}` })
  }
}

/** Fields without a value may be null on the wire. */
function checkShape<Schema extends z.ZodType>(schema: Schema, answer: Answer, what: string): z.output<Schema> {
  const parsed = schema.safeParse(withoutNulls(answer.body))
  assert.ok(
    parsed.success,
    `${what} has not the contract's shape (${parsed.error?.message}): ${answer.text.slice(0, 300)}`,
  )
  return parsed.data
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== "object" || value === null) return value
  const opaque = new Set(["propagation", "metadata"])
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) =>
      each === null ? [] : [[key, opaque.has(key) ? each : withoutNulls(each)]],
    ),
  )
}
