import { notionId, said } from "@engram/testkit/notion-workspace"
import { event, type NotionBench } from "./notion-bench.ts"
import type { Payload } from "./workbench.ts"

const ada = notionId(1)

/** Pages that are written, edited, moved, trashed and restored, with comments. Returns every delivery there was. */
export async function aBusyDay(bench: NotionBench): Promise<Payload[]> {
  const { workspace } = bench.notion
  workspace.user(ada, "Ada", "ada@example.org")
  workspace.bot(notionId(2), "Importer")
  const pages = [0, 1, 2, 3, 4].map((n) => notionId(0x500 + n))
  const accepted: Payload[] = []
  const happens = async (...payloads: Payload[]) => {
    accepted.push(...payloads)
    await bench.accept(payloads)
    await bench.drain()
  }
  for (const [n, id] of pages.entries()) {
    const parent = n === 0 ? {} : { parent: { type: "page_id", page_id: pages[0]! } }
    workspace.write({
      id,
      title: `Page ${n}`,
      ...parent,
      blocks: [said("paragraph", `Text ${n}.`)],
      createdBy: n % 2 ? ada : notionId(2),
    })
    await happens(event("page.created", id, n))
  }
  const on = { data: { parent: { id: pages[1]!, type: "page" }, page_id: pages[1]! } }
  workspace.comment({ id: notionId(0x600), on: pages[1]!, by: ada, text: "Decision: yes.", at: "2026-01-05T10:00:00Z" })
  await happens(event("comment.created", notionId(0x600), 10, on), event("page.content_updated", pages[1]!, 10))
  workspace.write({
    id: pages[2]!,
    title: "Page 2, moved",
    parent: { type: "page_id", page_id: pages[1]! },
    blocks: [said("heading_1", "Outcome"), said("paragraph", "Done.")],
  })
  await happens(event("page.moved", pages[2]!, 11), event("page.content_updated", pages[2]!, 11))
  workspace.trash(pages[3]!)
  await happens(event("page.deleted", pages[3]!, 12))
  workspace.trash(pages[4]!)
  await happens(event("page.deleted", pages[4]!, 13))
  workspace.trash(pages[4]!, false)
  await happens(event("page.undeleted", pages[4]!, 14))
  await happens(event("comment.deleted", notionId(0x600), 15, on))
  return [...accepted, ...(await fetchedBy(bench))]
}

/** What the hydrate stage has accepted, to be given to another workbench. */
export async function fetchedBy(bench: NotionBench): Promise<Payload[]> {
  const rows = await bench.rows<{ key: string; event: string; artifact: string }>(
    "select delivery_key as key, event, artifact_key as artifact from ingest_deliveries where event like '%.fetched' order by received_at",
  )
  return rows.map(({ key, event, artifact }) => ({
    key,
    event,
    source: "notion",
    payload: Buffer.from(bench.artifacts.get(artifact)!).toString(),
  }))
}
