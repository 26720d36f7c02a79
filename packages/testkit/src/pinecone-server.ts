import { z } from "zod"
import { createPineconeIndexes, type PineconeIndexes, type PineconeVector } from "./pinecone-indexes.ts"
import { refused } from "./pinecone-refusal.ts"
import { type Answer, Refused, type Request, type StrictServer, startStrictServer } from "./strict-server.ts"

/** The only API version the SDK speaks; another one would mean shapes this server has not learned. */
const API_VERSION = "2026-07"

const CreateIndex = z.strictObject({
  name: z.string(),
  deployment: z.strictObject({
    deployment_type: z.literal("managed"),
    cloud: z.enum(["aws", "gcp", "azure"]),
    region: z.string().min(1),
  }),
  schema: z.strictObject({
    fields: z.strictObject({
      _values: z.strictObject({
        type: z.literal("dense_vector"),
        dimension: z.int().min(1).max(20_000),
        metric: z.enum(["cosine", "euclidean", "dotproduct"]),
      }),
    }),
  }),
  deletion_protection: z.enum(["enabled", "disabled"]).optional(),
  tags: z.record(z.string(), z.string()).optional(),
})

const Vector = z.strictObject({
  id: z.string().min(1).max(512),
  values: z.array(z.number()).min(1),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).optional(),
})

const operand = z.union([z.string(), z.number(), z.boolean()])
const condition = z.strictObject({
  $eq: operand.optional(),
  $ne: operand.optional(),
  $in: z.array(operand).min(1).optional(),
  $nin: z.array(operand).min(1).optional(),
  $gt: z.number().optional(),
  $gte: z.number().optional(),
  $lt: z.number().optional(),
  $lte: z.number().optional(),
})
const Filter = z
  .record(z.string(), condition)
  .refine((filter) => Object.keys(filter).length > 0, "filter must not be empty")

const namespace = z.string().default("")
const Upsert = z.strictObject({ vectors: z.array(Vector).min(1).max(1_000), namespace })
const Delete = z.union([
  z.strictObject({ ids: z.array(z.string()).min(1).max(1_000), namespace }),
  z.strictObject({ deleteAll: z.literal(true), namespace }),
])
const listParameters = ["namespace", "limit", "paginationToken", "prefix"]
const Query = z.strictObject({
  vector: z.array(z.number()).min(1),
  topK: z.int().min(1).max(10_000),
  namespace,
  filter: Filter.optional(),
  includeValues: z.boolean().optional(),
  includeMetadata: z.boolean().optional(),
})
const Stats = z.strictObject({})

const REQUEST_BYTES_MAX = 2 * 1024 * 1024
const METADATA_BYTES_MAX = 40 * 1024

export interface PineconeServer extends StrictServer {
  readonly apiKey: string
  /** The upserts that were taken: how many records each held. */
  readonly upserts: readonly number[]
  /** How many times each index was made. */
  readonly created: readonly string[]
  /** How many vectors each namespace of an index really holds, whatever reads show yet. */
  namespaces(index: string): Record<string, number>
  /** Loses an index, as an operator who deletes it by hand does. */
  dropIndex(name: string): void
}

export interface PineconeServerOptions {
  /** Reads trail writes by this many reads of the namespace. */
  readonly staleReads?: number
  /** Serverless indexes a project may have. */
  readonly indexesMax?: number
  /** Descriptions of a new index that say it is not ready. */
  readonly notReadyReads?: number
}

/**
 * Pinecone's control and data plane at API version 2026-07, as the SDK speaks it, over real HTTP: documented limits,
 * eventual consistency, a namespace that exists once something was written to it.
 */
export async function startPineconeServer(options: PineconeServerOptions = {}): Promise<PineconeServer> {
  const apiKey = "pinecone-test-key"
  const upserts: number[] = []
  const created: string[] = []
  const indexes = createPineconeIndexes({ staleReads: 1, indexesMax: 20, notReadyReads: 1, ...options })
  let url = ""

  const handle = (request: Request): Answer => {
    if (request.headers["api-key"] !== apiKey) throw new Refused(401, "Invalid API Key")
    if (request.headers["x-pinecone-api-version"] !== API_VERSION)
      throw refused(400, "INVALID_ARGUMENT", "unsupported API version")
    const [, first = "", second = ""] = request.path.split("/")
    if (first === "indexes") return control(request, second)
    if (first === "hosts") return data(request, second, request.path.slice(`/hosts/${second}`.length))
    throw refused(404, "NOT_FOUND", "page not found")
  }

  // The real service gives each index a host of its own; here it is a path.
  const hostOf = (index: string) => `${url}/hosts/${index}`

  const control = (request: Request, name: string): Answer => {
    if (request.method === "POST" && name === "") {
      const { schema, ...wanted } = parse(CreateIndex, request)
      const body = indexes.create({ ...wanted, ...schema.fields._values }, hostOf(wanted.name))
      created.push(wanted.name)
      return { status: 201, body }
    }
    if (request.method !== "GET") throw refused(405, "METHOD_NOT_ALLOWED", "method not allowed")
    if (name !== "") return { status: 200, body: indexes.describe(name, hostOf(name)) }
    return { status: 200, body: { indexes: indexes.names().map((each) => indexes.describe(each, hostOf(each))) } }
  }

  const data = (request: Request, name: string, operation: string): Answer => {
    const reading = request.method === "GET" ? readings[operation] : undefined
    if (reading) return reading(indexes, name, request)
    if (request.method !== "POST") throw refused(405, "METHOD_NOT_ALLOWED", "method not allowed")
    if (operation === "/vectors/upsert") {
      const { vectors, namespace } = parse(Upsert, request)
      checkVectors(indexes, name, vectors)
      indexes.upsert(name, namespace, vectors)
      upserts.push(vectors.length)
      return { status: 200, body: { upsertedCount: vectors.length } }
    }
    if (operation === "/vectors/delete") {
      remove(indexes, name, parse(Delete, request))
      return { status: 200, body: {} }
    }
    if (operation === "/query") {
      const { vector, topK, namespace, filter } = parse(Query, request)
      checkDimension(indexes, name, vector)
      return {
        status: 200,
        body: { matches: indexes.query(name, namespace, vector, topK, filter), namespace, usage: { readUnits: 1 } },
      }
    }
    if (operation === "/describe_index_stats") {
      parse(Stats, request)
      return { status: 200, body: indexes.stats(name) }
    }
    throw refused(404, "NOT_FOUND", "page not found")
  }

  const server = await startStrictServer(handle, (status, message) => ({ error: { code: "UNKNOWN", message }, status }))
  url = server.url
  return { ...server, apiKey, upserts, created, namespaces: indexes.written, dropIndex: indexes.drop }
}

function remove(indexes: PineconeIndexes, name: string, what: z.infer<typeof Delete>): void {
  if ("ids" in what) indexes.remove(name, what.namespace, what.ids)
  else indexes.removeAll(name, what.namespace)
}

function fetched(indexes: PineconeIndexes, name: string, { query }: Request): Answer {
  const namespace = query.get("namespace") ?? ""
  const vectors = indexes.fetch(name, namespace, query.getAll("ids"))
  return { status: 200, body: { vectors, namespace, usage: { readUnits: 1 } } }
}

function listed(indexes: PineconeIndexes, name: string, { query }: Request): Answer {
  const unknown = [...query.keys()].find((key) => !listParameters.includes(key))
  if (unknown) throw refused(400, "INVALID_ARGUMENT", `unknown parameter ${unknown}`)
  const limit = Number(query.get("limit") ?? 100)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw refused(400, "INVALID_ARGUMENT", "limit must be from 1 to 100")
  const namespace = query.get("namespace") ?? ""
  const token = Buffer.from(query.get("paginationToken") ?? "", "base64").toString()
  const { page, next } = indexes.list(name, namespace, query.get("prefix") ?? "", limit, token)
  const pagination = next === undefined ? {} : { pagination: { next: Buffer.from(next).toString("base64") } }
  return {
    status: 200,
    body: { vectors: page.map((id) => ({ id })), namespace, ...pagination, usage: { readUnits: 1 } },
  }
}

const readings: { readonly [operation: string]: typeof listed } = { "/vectors/fetch": fetched, "/vectors/list": listed }

function parse<Schema extends z.ZodType>(schema: Schema, request: Request): z.infer<Schema> {
  if (Buffer.byteLength(request.body) > REQUEST_BYTES_MAX) {
    throw refused(400, "INVALID_ARGUMENT", `message length too large: the max size is ${REQUEST_BYTES_MAX} bytes`)
  }
  let json: unknown
  try {
    json = JSON.parse(request.body)
  } catch {
    throw refused(400, "INVALID_ARGUMENT", "the body is not JSON")
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) throw refused(400, "INVALID_ARGUMENT", z.prettifyError(parsed.error))
  return parsed.data
}

function checkVectors(indexes: PineconeIndexes, name: string, vectors: readonly PineconeVector[]): void {
  for (const { id, values, metadata } of vectors) {
    checkDimension(indexes, name, values)
    if (values.every((value) => value === 0))
      throw refused(400, "INVALID_ARGUMENT", "dense vectors must contain at least one non-zero value")
    const bytes = Buffer.byteLength(JSON.stringify(metadata ?? {}))
    if (bytes > METADATA_BYTES_MAX)
      throw refused(
        400,
        "INVALID_ARGUMENT",
        `metadata size is ${bytes} bytes, which exceeds the limit of 40960 bytes per vector (${id})`,
      )
  }
}

function checkDimension(indexes: PineconeIndexes, name: string, values: readonly number[]): void {
  const dimension = indexes.dimension(name)
  if (values.length === dimension) return
  throw refused(
    400,
    "INVALID_ARGUMENT",
    `Vector dimension ${values.length} does not match the dimension of the index ${dimension}`,
  )
}
