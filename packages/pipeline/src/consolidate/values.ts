import { Rejected } from "@engram/contracts/errors"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import { textHash } from "@engram/core/ids"
import { sameModel } from "../embed.ts"
import type { Run } from "./run.ts"

/**
 * The vectors of these texts by their hash: those that were computed before, and the others in calls as full as they get. They are
 * kept, so that the lane finds them and no text is paid for twice. A text that the embedder refuses, and any text where
 * this process embeds with another model, has none.
 */
export async function valuesOf(
  run: Run,
  version: EmbeddingVersion | undefined,
  texts: Iterable<string>,
): Promise<Map<string, Float32Array>> {
  const byHash = new Map([...texts].map((text) => [textHash(text), text]))
  if (version === undefined || byHash.size === 0) return new Map()
  const known = await run.ledger.values(run.workspaceId, version.model, [...byHash.keys()])
  if (!sameModel(run.embedder, version)) return known
  const missing = [...byHash].filter(([hash]) => !known.has(hash))
  for (let from = 0; from < missing.length; from += run.embedder.textsMax) {
    const rows = await embed(run, missing.slice(from, from + run.embedder.textsMax))
    await run.ledger.saveValues(run.workspaceId, version.model, rows)
    for (const { textHash, values } of rows) known.set(textHash, values)
  }
  return known
}

type Row = { readonly textHash: string; readonly values: Float32Array }

/** A refusal is of one text: it is found by halving. */
async function embed(run: Run, texts: readonly (readonly [hash: string, text: string])[]): Promise<Row[]> {
  run.report.embeddingCalls++
  try {
    const values = await run.embedder.embed(
      texts.map(([, text]) => text),
      "search_document",
    )
    run.report.embeddedTexts += texts.length
    return texts.map(([hash], at) => ({ textHash: hash, values: values[at]! }))
  } catch (error) {
    if (!(error instanceof Rejected && error.code === "text_refused")) throw error
    if (texts.length === 1) return []
    const half = Math.ceil(texts.length / 2)
    return [...(await embed(run, texts.slice(0, half))), ...(await embed(run, texts.slice(half)))]
  }
}
