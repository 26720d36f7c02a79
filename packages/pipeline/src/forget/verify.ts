import { Rejected } from "@engram/contracts/errors"
import type { ForgetLedger, VectorRef } from "@engram/contracts/forget"
import type { ArtifactStore, Cache, VectorIndex } from "@engram/contracts/ports"
import { namespaceOf } from "../embed.ts"
import { cacheKeysOf, clearUp } from "./forget.ts"
import { holdsAny } from "./forget-person.ts"
import type { ForgetTarget } from "./target.ts"

export interface VerifyDeps {
  readonly ledger: ForgetLedger
  readonly index: VectorIndex
  readonly artifacts: ArtifactStore
  readonly cache: Cache
}

/** One place that was looked in. */
export interface Looked {
  /** `postgres knowledge_chunks`, `vectors`, `artifacts`, `cache`, `deliveries`. */
  readonly where: string
  /** How many things were looked for there. */
  readonly asked: number
  /** How many of them are still there. */
  readonly found: number
}

const idsMax = 500
const rowsMax = 20

/**
 * Looks for what was forgotten in every store, after clearing up once more what may have come late. What is found in the
 * vector index may still be on its way out: look again after the longest timeout (2 minutes).
 */
export const verify =
  (deps: VerifyDeps) =>
  async (
    workspaceId: string,
    target: Pick<ForgetTarget, "forgettingId" | "scope" | "words" | "partIds" | "kind">,
  ): Promise<Looked[]> => {
    const { forgettingId } = target
    const { ledger } = deps
    const forgetting = await ledger.forgetting(workspaceId, forgettingId)
    if (forgetting === undefined) throw new Rejected("never_forgotten", "it was never forgotten here")
    await clearUp(deps, workspaceId, forgettingId)
    const scope = target.kind === "person" ? undefined : target.scope
    const rows = await ledger.left(workspaceId, forgettingId, scope)
    const documents = await ledger.touchedDocuments(workspaceId, forgettingId)
    const tables = Object.entries(rows).map(([table, found]) => ({
      where: `postgres ${table}`,
      asked: documents.length,
      found,
    }))
    const looked = [
      // Killed half way: the command has to be run again.
      { where: "steps of the command", asked: 1, found: forgetting.doneAt === null ? 1 : 0 },
      ...tables,
      await lookInIndex(deps, await ledger.forgottenVectors(workspaceId, forgettingId)),
      await lookInArtifacts(deps, await ledger.forgottenArtifacts(workspaceId, forgettingId)),
      await lookInCache(deps, documents),
    ]
    return target.kind === "person" ? [...looked, ...(await lookForWords(deps, workspaceId, target))] : looked
  }

async function lookInIndex({ index }: VerifyDeps, refs: readonly VectorRef[]): Promise<Looked> {
  let found = 0
  for (const [, same] of Map.groupBy(refs, (ref) => `${ref.index} ${ref.versionId} ${ref.family}`)) {
    const [{ index: name, versionId, family }] = same as [VectorRef, ...VectorRef[]]
    const place = { index: name, namespace: namespaceOf(family, { id: versionId as `emb_${string}` }) }
    for (let from = 0; from < same.length; from += idsMax) {
      found += (
        await index.present(
          place,
          same.slice(from, from + idsMax).map(({ id }) => id),
        )
      ).length
    }
  }
  return { where: "vectors", asked: refs.length, found }
}

async function lookInArtifacts({ artifacts }: VerifyDeps, keys: readonly string[]): Promise<Looked> {
  let found = 0
  for (const key of keys) if ((await artifacts.get(key)) !== undefined) found++
  return { where: "artifacts", asked: keys.length, found }
}

async function lookInCache(
  { cache }: VerifyDeps,
  documents: readonly { readonly id: string; readonly version: number }[],
): Promise<Looked> {
  const keys = documents.flatMap(({ id, version }) => cacheKeysOf(id, version))
  let found = 0
  for (const key of keys) if ((await cache.get(key)) !== undefined) found++
  return { where: "cache", asked: keys.length, found }
}

/** A person is looked for by name: in what is read, in entities, and in the bytes of every delivery. */
async function lookForWords(
  { ledger, artifacts }: VerifyDeps,
  workspaceId: string,
  { words, partIds }: Pick<ForgetTarget, "words" | "partIds">,
): Promise<Looked[]> {
  if (partIds.length === 0) return []
  const tables = Object.entries(await ledger.wordsLeft(workspaceId, { words, partIds })).map(([table, found]) => ({
    where: `postgres ${table}, by name`,
    asked: words.length,
    found,
  }))
  let asked = 0
  let found = 0
  for (let after = ""; ; ) {
    const rows = await ledger.deliveriesWithBytes(workspaceId, after, rowsMax)
    if (rows.length === 0) break
    after = rows.at(-1)!.id
    const bodies = await Promise.all(rows.map((row) => row.body ?? artifacts.get(row.artifactKey!)))
    asked += rows.length
    found += bodies.filter((body) => holdsAny(body, words)).length
  }
  return [...tables, { where: "bytes of deliveries, by name", asked, found }]
}
