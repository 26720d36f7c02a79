import type { AliasRef } from "@engram/contracts/graph"
import type { EvidenceRow } from "@engram/contracts/knowledge"
import * as ids from "@engram/core/ids"
import { expect, test } from "vitest"
import { createConnectionAdmin } from "../src/connection-admin.ts"
import { createKnowledge } from "../src/knowledge.ts"
import { createSealer } from "../src/sealing.ts"
import { createSearchIndex } from "../src/search-index.ts"
import { useDatabase } from "./store-fixture.ts"

const context = useDatabase()
const workspace = "acme"
const id = (ref: AliasRef) => ids.aliasId(workspace, ref)
const user = (value: string): AliasRef => ({ type: "github:user", value })

test("a document is about those that its own edges lead to now, for certain", async () => {
  const { database } = context
  const admin = createConnectionAdmin({ database, sealer: createSealer("a sealing key, 16 or more") })
  const { storeId } = await admin.create({
    workspaceId: workspace,
    storeName: "main",
    source: "github",
    secret: "the secret of a webhook",
  })
  const documentId = ids.documentId(workspace, storeId, "github", "1")
  const [thing, other]: AliasRef[] = [
    { type: "github:thing", value: "1#1" },
    { type: "github:thing", value: "1#2" },
  ]
  const edge = (to: string, more: Partial<EvidenceRow> & { readonly from?: AliasRef } = {}): EvidenceRow => {
    const { from = thing!, ...rest } = more
    return {
      relationshipId: ids.relationshipId(workspace, "ASSIGNED_TO", id(from), id(user(to))),
      evidenceId: documentId,
      type: "ASSIGNED_TO",
      fromAliasId: id(from),
      toAliasId: id(user(to)),
      confidence: 1,
      since: new Date(0),
      until: null,
      live: true,
      requiresAliasId: null,
      ...rest,
    }
  }
  const rows = [
    edge("now"),
    edge("before", { until: new Date(1) }),
    edge("perhaps", { requiresAliasId: id({ type: "linear:team_key", value: "ENG" }) }),
    edge("elsewhere", { from: other! }),
    edge("removed", { live: false }),
  ]
  const people = ["now", "before", "perhaps", "elsewhere", "removed"].map(user)
  await createKnowledge(database).write(workspace, async (write) => {
    await write.addDocuments([{ id: documentId, storeId, source: "github", sourceId: "1", aliasId: id(thing!) }])
    await write.saveEvidence({ documentIds: [documentId], rows, moments: [] })
    await write.saveAliases(
      people.map((ref) => ({ id: id(ref), ...ref, entityId: ids.entityId(workspace, ref), at: 1 })),
    )
  })
  const reader = { workspaceId: workspace, storeId, scopeIds: "all" as const }
  const entities = people.map((ref) => ids.entityId(workspace, ref))
  const about = await createSearchIndex(database).about(reader, entities, [documentId])
  expect(about).toEqual([{ id: documentId, entityId: ids.entityId(workspace, user("now")) }])
  // A view shows what its owner may see, unless it says otherwise.
  const seenBy = (workspaceId: string) =>
    database.inWorkspace(workspaceId, (tx) => tx.query("select role from document_entities"))
  expect([await seenBy(workspace), await seenBy("other")]).toEqual([[{ role: "ASSIGNED_TO" }], []])
})
