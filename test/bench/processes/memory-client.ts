import { answer } from "../child.ts"
import { memoryAt, questionAt, shapes, vectorAt } from "../memories.ts"
import { percentile, requestBytes, type Sent, sendOver } from "../wire.ts"

/** What the client of the memory plugin is asked for: memories written, or searches asked, from one place of the corpus on. */
export interface MemoryOrder {
  readonly url: string
  readonly work: "commit" | "commit with embedding" | "search by query" | "search by embedding"
  readonly from: number
  readonly count: number
  readonly connections: number
}

export interface MemoryServed extends Omit<Sent, "latencies"> {
  /** Of searches: p99 by shape of the question. */
  readonly p99MsOf?: { readonly [shape: string]: number }
  /** Of searches by embedding: the ids found, in order, by place in the load. */
  readonly found?: readonly (readonly string[])[]
}

async function serve({ url, work, from, count, connections }: MemoryOrder): Promise<MemoryServed> {
  const places = Array.from({ length: count }, (_, i) => from + i)
  if (work === "commit" || work === "commit with embedding") {
    const requests = places.map((at) => commit(url, at, work === "commit with embedding"))
    const { latencies: _, ...sent } = await sendOver({ url, connections, requests })
    return sent
  }
  const questions = places.map((at) => questionAt(at, work === "search by query" ? "query" : "embedding"))
  const requests = questions.map(({ shape: _, embedding, ...question }) =>
    requestBytes(
      "POST",
      new URL("/v1/search", url),
      Buffer.from(JSON.stringify({ ...question, ...(embedding && { embedding: numbersOf(embedding) }) })),
    ),
  )
  const found: string[][] = []
  const onAnswer = (at: number, { body }: { body: string }): void => {
    found[at] = [...body.matchAll(/"id":"([0-9a-f-]{36})"/g)].map(([, id]) => id!)
  }
  const { latencies, ...sent } = await sendOver({ url, connections, requests, onAnswer })
  const p99MsOf = Object.fromEntries(
    shapes.map((shape) => {
      const of = latencies.filter((_, i) => questions[i]!.shape === shape)
      return [shape, percentile(of, 0.99)]
    }),
  )
  return { ...sent, p99MsOf, found }
}

function commit(url: string, at: number, withEmbedding: boolean): Buffer {
  const { content, namespace } = memoryAt(at)
  const memory = { content, kind: "fact", source: "agent" }
  const body = withEmbedding ? { ...memory, embedding: numbersOf(vectorAt(at)) } : memory
  const place = new URL(`/v1/namespaces/${encodeURIComponent(namespace)}/memories`, url)
  return requestBytes("POST", place, Buffer.from(JSON.stringify(body)))
}

/** As many digits as embedding services send. */
const numbersOf = (values: Float32Array): number[] => [...values].map((value) => Number(value.toFixed(7)))

answer(serve)
