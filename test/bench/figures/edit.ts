import { chunkLimits, chunkSections } from "@engram/core/chunk/chunk"
import { issueDelivery } from "../issue.ts"
import { createRandom } from "../random.ts"
import { post } from "../sign.ts"
import type { Site } from "../site.ts"
import { paragraph, titleOf } from "../texts.ts"
import { indexed } from "./index-load.ts"

const chunksWanted = 40

/** Chunks embedded when the middle paragraph of a document of 40 chunks is written anew. */
export async function measureEdit(site: Site): Promise<{ chunks: number; embeddedAgain: number }> {
  const product = await site.product("redis")
  const [ingest, worker] = await Promise.all([product.ingest(), product.worker()])
  try {
    const paragraphs = longText()
    const edited = paragraphs.with(paragraphs.length >> 1, paragraph(createRandom("edited"), "edited"))
    const before = await save("opened", paragraphs, Date.UTC(2026, 0, 1))
    const after = await save("edited", edited, Date.UTC(2026, 0, 2))
    return { chunks: before.size, embeddedAgain: [...after].filter((hash) => !before.has(hash)).length }
  } finally {
    await Promise.all([ingest.stop(), worker.stop()])
    await product.close()
  }

  /** The embedded texts that are chunks, once all is indexed. */
  async function save(action: "opened" | "edited", text: readonly string[], at: number): Promise<Set<string>> {
    const issue = { key: action, action, number: 1, title, body: text.join("\n\n"), updatedAt: new Date(at) }
    await post(`${ingest.url}${product.paths.github}`, issueDelivery(issue))
    await indexed(product)
    const { rows } = await product.pool.query<{ text_hash: string }>(
      "select text_hash from knowledge_chunks join embedding_values using (text_hash) where version_to is null",
    )
    return new Set(rows.map((row) => row.text_hash))
  }
}

const title = titleOf("a long issue")

function longText(): string[] {
  const random = createRandom("a long issue")
  const paragraphs: string[] = []
  const chunks = (): number => {
    const markdown = paragraphs.join("\n\n")
    return chunkSections(title, [{ partId: "body", label: "body", markdown, occurredAt: 0 }], chunkLimits).length
  }
  while (chunks() < chunksWanted) paragraphs.push(paragraph(random, `paragraph ${paragraphs.length}`))
  return paragraphs
}
