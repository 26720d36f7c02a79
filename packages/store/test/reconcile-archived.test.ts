import * as ids from "@engram/core/ids"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { beforeAll, describe, expect, test } from "vitest"
import { ensureStore } from "../src/ensure-store.ts"
import { createRebuildLedger, createVectorBeliefs } from "../src/reconcile-ledger.ts"
import { useDatabase } from "./store-fixture.ts"

const place = { workspaceId: "acme", storeId: ids.storeId("acme", "main") }
const versionId = ids.embeddingVersionId(place.storeId, { provider: "local", model: "of a test", dimension: 2 })
const space = { ...place, versionId, family: "chunks" as const }
const key = { refId: "chk_1", view: "body" as const }

describe("what a reconcile owes to a version", () => {
  const context = useDatabase()
  const rows = async (sql: string) => (await context.database.pool.query(sql)).rows
  const hashes = async () =>
    (await rows("select wanted_hash as wanted, written_hash as written from vector_entries"))[0]

  beforeAll(async () => {
    await context.database.inWorkspace("acme", (tx) => ensureStore(tx, { ...place, storeName: "main" }))
    await context.database.pool.query(
      `insert into embedding_versions (id, workspace_id, store_id, provider, model, dimension, status, index_name)
       values ($1, 'acme', $2, 'local', 'of a test', 2, 'active', 'index')`,
      [versionId, place.storeId],
    )
    await context.database.pool.query(
      `insert into vector_entries (store_id, family, ref_id, view, embedding_version_id, workspace_id, text_hash, metadata, wanted_hash, written_hash, written_at)
       values ($1, 'chunks', 'chk_1', 'body', $2, 'acme', 't', '{}', 'h', 'h', now() - interval '1 hour')`,
      [place.storeId, versionId],
    )
  })

  const owing = {
    "the vectors that an index lacks": () => createVectorBeliefs(context.database).oweWriting(space, [key], new Date()),
    "all vectors of an index that is filled anew": () =>
      createRebuildLedger(context.database).oweAll(space, undefined, 10),
  }
  test.each(Object.entries(owing))(
    "is nothing once it is archived, also while it waits for that: %s",
    async (_, owe) => {
      await context.database.pool.query("update embedding_versions set status = 'canary'")
      const archiving = await context.database.pool.connect()
      try {
        await archiving.query("begin; update embedding_versions set status = 'archived'")
        const owed = owe()
        await waitUntil("it waits for the version", async () => (await waitingForLocks(rows)) === 1)
        await archiving.query("commit")
        await owed
      } finally {
        archiving.release()
      }
      expect(await hashes()).toEqual({ wanted: "h", written: "h" })

      await context.database.pool.query("update embedding_versions set status = 'active'")
      await owe()
      expect(await hashes()).toEqual({ wanted: "h", written: null })
      await context.database.pool.query("update vector_entries set written_hash = wanted_hash")
    },
  )
})
