import { refused } from "./pinecone-refusal.ts"

type Value = string | number | boolean
type Metadata = Record<string, Value | string[]>

export interface PineconeVector {
  readonly id: string
  readonly values: readonly number[]
  readonly metadata?: Metadata | undefined
}

/** Operators of one key; all hold. */
export type PineconeFilter = Record<string, Record<string, Value | Value[] | undefined>>

export type PineconeIndexes = ReturnType<typeof createPineconeIndexes>

interface Namespace {
  readonly written: Map<string, PineconeVector>
  /** What reads see, and how many more of them see it before they see what was written. */
  visible: Map<string, PineconeVector>
  staleReads: number
}

interface Index {
  readonly name: string
  readonly dimension: number
  readonly metric: string
  readonly deployment: object
  readonly namespaces: Map<string, Namespace>
  notReadyReads: number
}

/** Indexes in memory that behave as Pinecone's do: reads trail writes, and a new index is not ready at once. */
export function createPineconeIndexes(options: { staleReads: number; indexesMax: number; notReadyReads: number }) {
  const indexes = new Map<string, Index>()

  const existing = (name: string): Index => {
    const index = indexes.get(name)
    if (!index) throw refused(404, "NOT_FOUND", `Resource ${name} not found`)
    return index
  }

  const ready = (name: string): Index => {
    const index = existing(name)
    if (index.notReadyReads > 0) throw refused(503, "UNAVAILABLE", `index ${name} is not ready`)
    return index
  }

  const change = (name: string, namespace: string, write: (vectors: Map<string, PineconeVector>) => void) => {
    const { namespaces } = ready(name)
    const place: Namespace = namespaces.get(namespace) ?? { written: new Map(), visible: new Map(), staleReads: 0 }
    namespaces.set(namespace, place)
    // A write that comes before the last one showed does not make that one wait longer.
    if (place.staleReads === 0) place.visible = new Map(place.written)
    write(place.written)
    if (place.staleReads === 0) place.staleReads = options.staleReads
  }

  const seen = (place: Namespace): Map<string, PineconeVector> => {
    if (place.staleReads === 0) return place.written
    place.staleReads--
    return place.visible
  }

  return {
    create(
      { name, dimension, metric, deployment }: Pick<Index, "name" | "dimension" | "metric" | "deployment">,
      host: string,
    ) {
      if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > 45) {
        const rule =
          "Name must consist of lower case alphanumeric characters or '-', start and end with one, and have at most 45"
        throw refused(400, "INVALID_ARGUMENT", rule)
      }
      if (indexes.has(name)) throw refused(409, "ALREADY_EXISTS", "Resource already exists")
      if (indexes.size >= options.indexesMax) {
        const message = `Request failed. You've reached the max serverless indexes allowed in project test (${options.indexesMax}). To add more, upgrade your plan.`
        throw refused(403, "FORBIDDEN", message)
      }
      const { notReadyReads } = options
      const index = { name, dimension, metric, deployment, namespaces: new Map(), notReadyReads }
      indexes.set(name, index)
      return described(index, host, notReadyReads === 0)
    },

    /** Each description of a new index brings it nearer to being ready. */
    describe(name: string, host: string) {
      const index = existing(name)
      const isReady = index.notReadyReads === 0
      if (!isReady) index.notReadyReads--
      return described(index, host, isReady)
    },

    names: () => [...indexes.keys()],
    dimension: (name: string) => ready(name).dimension,
    written: (name: string): Record<string, number> =>
      Object.fromEntries([...existing(name).namespaces].map(([namespace, { written }]) => [namespace, written.size])),
    drop: (name: string) => void indexes.delete(name),

    upsert(name: string, namespace: string, vectors: readonly PineconeVector[]) {
      change(name, namespace, (written) => {
        for (const vector of vectors) written.set(vector.id, vector)
      })
    },

    remove(name: string, namespace: string, ids: readonly string[]) {
      if (!ready(name).namespaces.has(namespace)) throw refused(404, "NOT_FOUND", "Namespace not found")
      change(name, namespace, (written) => {
        for (const id of ids) written.delete(id)
      })
    },

    query(name: string, namespace: string, vector: readonly number[], topK: number, filter: PineconeFilter = {}) {
      const place = ready(name).namespaces.get(namespace)
      if (!place) return []
      return [...seen(place).values()]
        .filter(({ metadata = {} }) => Object.entries(filter).every(([key, wanted]) => holds(metadata[key], wanted)))
        .map(({ id, values }) => ({ id, score: cosine(vector, values), values: [] }))
        .sort((a, b) => b.score - a.score)
        .slice(0, topK)
    },

    fetch(name: string, namespace: string, ids: readonly string[]) {
      if (ids.length === 0 || ids.length > 1_000) throw refused(400, "INVALID_ARGUMENT", "fetch takes 1 to 1,000 ids")
      const place = ready(name).namespaces.get(namespace)
      const vectors = place ? seen(place) : new Map<string, PineconeVector>()
      return Object.fromEntries(ids.flatMap((id) => (vectors.has(id) ? [[id, vectors.get(id)!]] : [])))
    },

    /** Sorted by the bytes of the ids; the token is the last id of the page before. */
    list(name: string, namespace: string, prefix: string, limit: number, token: string) {
      const place = ready(name).namespaces.get(namespace)
      const ids = place ? [...seen(place).keys()].filter((id) => id.startsWith(prefix) && id > token).sort() : []
      const page = ids.slice(0, limit)
      return { page, next: ids.length > limit ? page.at(-1) : undefined }
    },

    removeAll(name: string, namespace: string) {
      if (!ready(name).namespaces.has(namespace)) throw refused(404, "NOT_FOUND", "Namespace not found")
      change(name, namespace, (written) => written.clear())
    },

    stats(name: string) {
      const { dimension, namespaces } = ready(name)
      const counts = [...namespaces].map(
        ([namespace, place]) => [namespace, { vectorCount: seen(place).size }] as const,
      )
      const totalVectorCount = counts.reduce((sum, [, { vectorCount }]) => sum + vectorCount, 0)
      return { dimension, indexFullness: 0, totalVectorCount, namespaces: Object.fromEntries(counts) }
    },
  }
}

function described({ name, dimension, metric, deployment }: Index, host: string, isReady: boolean) {
  return {
    name,
    host,
    status: { ready: isReady, state: isReady ? "Ready" : "Initializing" },
    deployment,
    schema: { fields: { _values: { type: "dense_vector", dimension, metric } } },
    deletion_protection: "disabled",
  }
}

function holds(value: Value | string[] | undefined, wanted: PineconeFilter[string]): boolean {
  if (value === undefined) return false
  const values: Value[] = Array.isArray(value) ? value : [value]
  return Object.entries(wanted).every(([operator, operand]) => {
    const list = Array.isArray(operand) ? operand : []
    switch (operator) {
      case "$eq":
        return values.some((each) => each === operand)
      case "$ne":
        return values.every((each) => each !== operand)
      case "$in":
        return values.some((each) => list.includes(each))
      case "$nin":
        return values.every((each) => !list.includes(each))
      default:
        return typeof value === "number" && typeof operand === "number" && compares(value, operator, operand)
    }
  })
}

function compares(value: number, operator: string, operand: number): boolean {
  if (operator === "$gt") return value > operand
  if (operator === "$gte") return value >= operand
  return operator === "$lt" ? value < operand : value <= operand
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  return dot / (Math.hypot(...a) * Math.hypot(...b))
}
