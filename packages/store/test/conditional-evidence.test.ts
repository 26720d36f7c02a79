import type { AliasRef } from "@engram/contracts/graph"
import type { EvidenceRow, KnowledgeWrite } from "@engram/contracts/knowledge"
import * as ids from "@engram/core/ids"
import { expect, test } from "vitest"
import { createKnowledge } from "../src/knowledge.ts"
import { useDatabase } from "./store-fixture.ts"

const context = useDatabase()
const workspace = "acme"
const id = (ref: AliasRef) => ids.aliasId(workspace, ref)

/** A text that names issue `{team}-1`, and the team. */
function story(team: string) {
  const key = { type: "linear:team_key", value: team }
  const issue = { type: "linear:issue_key", value: `${team}-1` }
  const text = { type: "github:thing", value: `1#${team}` }
  const entityId = ids.entityId(workspace, { type: "linear:team", value: team })
  const relationshipId = ids.relationshipId(workspace, "REFERENCES", id(text), id(issue))
  const evidenceId = ids.documentId(workspace, "store", "github", team)
  const evidence: EvidenceRow = {
    relationshipId,
    evidenceId,
    type: "REFERENCES",
    fromAliasId: id(text),
    toAliasId: id(issue),
    confidence: 0.85,
    since: new Date(0),
    until: null,
    live: true,
    requiresAliasId: id(key),
  }
  const stubs = [key, issue, text].map((ref) => ({ id: id(ref), ...ref, entityId: null, at: 0 }))
  return {
    evidence: (write: KnowledgeWrite) =>
      write.saveEvidence({ documentIds: [evidenceId], rows: [evidence], moments: [] }),
    names: (write: KnowledgeWrite) => write.saveAliases(stubs),
    silence: (write: KnowledgeWrite) => write.saveEvidence({ documentIds: [evidenceId], rows: [], moments: [] }),
    team: async (write: KnowledgeWrite) => {
      await write.saveEntities([{ id: entityId, kind: "team", state: { fields: {} } }])
      await write.saveAliases([{ id: id(key), ...key, entityId, at: 1 }])
    },
    deletion: async (write: KnowledgeWrite) => {
      const deleted = { value: true, clock: { at: 2, rank: 0, hash: "" } }
      await write.saveEntities([{ id: entityId, kind: "team", state: { fields: { deleted } } }])
      await write.saveAliases([{ id: id(key), ...key, entityId, at: 2 }])
    },
    versions: async () => {
      const { rows } = await context.database.pool.query(
        `select e.xmin, r.xmin as edge from relationship_evidence e join relationships r on r.id = e.relationship_id
         where e.relationship_id = $1`,
        [relationshipId],
      )
      return rows
    },
    isLive: async () => {
      const found = await context.database.pool.query("select live from relationships where id = $1", [relationshipId])
      return found.rows[0]?.live
    },
  }
}

test("a team that is claimed while a text that waits for it is being written is found", async () => {
  const knowledge = createKnowledge(context.database)
  const { evidence, names, team, isLive } = story("ONE")
  await knowledge.write(workspace, async (write) => {
    await evidence(write)
    // The team's transaction cannot see the evidence above, and this one began before the team was there.
    await knowledge.write(workspace, team)
    await names(write)
  })
  expect(await isLive()).toBe(true)
})

test("a text that is being written while its team is claimed waits for the claim", async () => {
  const knowledge = createKnowledge(context.database)
  const { evidence, names, team, isLive } = story("TWO")
  const claimed = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<void>()
  const claim = knowledge.write(workspace, async (write) => {
    await team(write)
    claimed.resolve()
    await ready.promise
  })
  await claimed.promise
  const text = knowledge.write(workspace, async (write) => {
    await evidence(write)
    ready.resolve()
    await names(write)
  })
  await Promise.all([claim, text])
  expect(await isLive()).toBe(true)
})

test("evidence under a condition is not counted before its names are there", async () => {
  const { evidence, names, isLive } = story("THREE")
  await createKnowledge(context.database).write(workspace, async (write) => {
    await evidence(write)
    await names(write)
  })
  expect(await isLive()).toBe(false)
})

test("a text that counts on its team, which is deleted before it is written whole, does not count", async () => {
  const knowledge = createKnowledge(context.database)
  const { evidence, names, team, deletion, isLive } = story("FOUR")
  await knowledge.write(workspace, team)
  await knowledge.write(workspace, async (write) => {
    await evidence(write)
    await knowledge.write(workspace, deletion)
    await names(write)
  })
  expect(await isLive()).toBe(false)
})

test("a team that is deleted while a text that counts on it is being written is told of the text", async () => {
  const knowledge = createKnowledge(context.database)
  const { evidence, names, team, deletion, isLive } = story("FIVE")
  await knowledge.write(workspace, team)
  let deleted: Promise<void> | undefined
  await knowledge.write(workspace, async (write) => {
    await evidence(write)
    await names(write)
    deleted = knowledge.write(workspace, deletion)
  })
  await deleted
  expect(await isLive()).toBe(false)
})

test("what is said again changes no row, and what is no longer said leaves its edge", async () => {
  const knowledge = createKnowledge(context.database)
  const { evidence, names, team, silence, isLive, versions } = story("SIX")
  await knowledge.write(workspace, team)
  const say = () =>
    knowledge.write(workspace, async (write) => {
      await evidence(write)
      await names(write)
    })
  await say()
  const before = await versions()
  await say()
  expect(await versions()).toEqual(before)
  expect(await isLive()).toBe(true)
  await knowledge.write(workspace, silence)
  expect(await isLive()).toBe(false)
})
