import { startCohereServer } from "@engram/testkit/cohere-server"
import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { startS3 } from "@engram/testkit/s3"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { issue, variedPayloads } from "../payloads.ts"
import { settingsOf } from "../stand-ins.ts"
import { createSystem, undisturbed } from "../system.ts"

const refusedText = "The embedder will never take this sentence."

test("providers that fail for a while delay and lose nothing, and no text is paid for twice", async () => {
  const [s3, pinecone, cohere] = await Promise.all([
    startS3(),
    startPineconeServer(),
    startCohereServer({ refuse: (text) => text.includes(refusedText) }),
  ])
  const system = await createSystem({
    ...settingsOf({ s3, pinecone, cohere }),
  })
  try {
    const poisoned = issue({
      number: 4_000,
      title: "Half of it is refused",
      body: `Fine words.\n\n# Trouble\n\n${refusedText}`,
    })
    const payloads = [...variedPayloads(20), poisoned]
    for (const server of [cohere, pinecone]) {
      server.failNext({ status: 429, retryAfterSeconds: 1 }, 2)
      server.failNext({ tear: true })
      server.failNext({ status: 500 }, 2)
    }
    await s3.kill()
    const ingest = await system.start("ingest")
    await system.postAll(ingest.url, payloads)
    const worker = await system.start("worker")
    await waitUntil("something is indexed", () => pinecone.upserts.length > 0, 60_000)
    // Work is done, and its answer lost.
    pinecone.failNext({ lost: true }, 2)
    cohere.failNext({ lost: true })
    await s3.restart()
    await system.settled(90_000)
    expect(worker.isRunning()).toBe(true)

    // A lost answer cannot be known to have been work, so its texts alone are paid for again.
    const times = new Map<string, number>()
    for (const text of cohere.calls.flatMap((call) => call.texts)) times.set(text, (times.get(text) ?? 0) + 1)
    const twice = [...times].filter(([, n]) => n > 1)
    expect(twice.every(([, n]) => n === 2)).toBe(true)
    expect(twice.length).toBeLessThanOrEqual(96)

    // The refused text is found among the others and set aside alone.
    const parked = await system.rows<{ text: string; reason: string }>(
      `select coalesce(c.text, o.text) as text, v.parked_reason as reason from vector_entries v
       left join knowledge_chunks c on c.id = v.ref_id left join memory_observations o on o.id = v.ref_id
       where v.parked_reason is not null`,
    )
    expect(parked.length).toBeGreaterThan(0)
    for (const { text, reason } of parked) {
      expect(text).toContain(refusedText)
      expect(reason).toMatch(/cannot be embedded/)
    }
    const [document] = await system.rows(
      "select live, version = indexed_version as indexed from knowledge_documents where title = 'Half of it is refused'",
    )
    expect(document).toEqual({ live: true, indexed: true })

    // No vector was lost, and none is there that should not be.
    const [row] = await system.rows<{ index: string; n: number }>(
      `select max(e.index_name) as index, count(*)::int as n from vector_entries v
       join embedding_versions e on e.id = v.embedding_version_id where written_hash = wanted_hash`,
    )
    const held = Object.values(pinecone.namespaces(row!.index)).reduce((sum, n) => sum + n, 0)
    expect(held).toBe(row!.n)
    const { vector_entries: _, ...state } = await currentState(system)
    const { vector_entries: __, ...expected } = await undisturbed(system, payloads)
    expect(state).toEqual(expected)
  } finally {
    await system.close()
    await Promise.all([s3.stop(), pinecone.close(), cohere.close()])
  }
}, 180_000)
