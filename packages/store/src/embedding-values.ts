import type { EmbeddingModel } from "@engram/contracts/ports"
import type { Transaction } from "./database.ts"

type Saved = ReadonlyMap<string, Float32Array>

/** Values kept in this process after they were saved: a turn writes to the index what it has just embedded. */
const recentMax = 500

/** How `embedding_values` names a model; the callers' vectors have a dimension and no model. */
export const modelKey = ({ provider, model, dimension }: EmbeddingModel): string =>
  [provider, model, dimension].filter((part) => part !== "").join(":")

/** Vectors' values by the hash of their text: what was embedded once in a workspace is never embedded again. */
export function createEmbeddingValues() {
  const recent = new Map<string, Float32Array>()
  const keyOf = (workspaceId: string, model: EmbeddingModel, textHash: string): string =>
    `${workspaceId} ${modelKey(model)} ${textHash}`

  return {
    save: async (
      tx: Transaction,
      workspaceId: string,
      model: EmbeddingModel,
      rows: readonly { readonly textHash: string; readonly values: Float32Array }[],
    ): Promise<void> => {
      await saveValues(tx, workspaceId, model, rows)
      for (const { textHash, values } of rows) recent.set(keyOf(workspaceId, model, textHash), values)
      for (const key of recent.keys()) {
        if (recent.size <= recentMax) break
        recent.delete(key)
      }
    },

    /** Those that there are. */
    read: async (
      tx: Transaction,
      workspaceId: string,
      model: EmbeddingModel,
      textHashes: ReadonlySet<string>,
    ): Promise<Saved> => {
      const found = new Map<string, Float32Array>()
      const asked: string[] = []
      for (const textHash of textHashes) {
        const values = recent.get(keyOf(workspaceId, model, textHash))
        if (values) found.set(textHash, values)
        else asked.push(textHash)
      }
      if (asked.length === 0) return found
      const rows = await tx.query<{ textHash: string; values: Buffer }>(
        `select text_hash as "textHash", values from embedding_values
         where workspace_id = $1 and model = $2 and text_hash = any($3)`,
        [workspaceId, modelKey(model), asked],
      )
      for (const { textHash, values } of rows) found.set(textHash, floatsOf(values))
      return found
    },
  }
}

/**
 * Values known already stay as they are. All travel as one binary parameter and are cut apart in the server: inside JSON they
 * would go as hex.
 */
export async function saveValues(
  tx: Transaction,
  workspaceId: string,
  model: EmbeddingModel,
  rows: readonly { readonly textHash: string; readonly values: Float32Array }[],
): Promise<void> {
  await tx.query(
    `insert into embedding_values (workspace_id, model, text_hash, values, created_at)
     select $1, $2, k.hash, substring($4::bytea from (k.at::int - 1) * $5 + 1 for $5), now()
     from unnest($3::text[]) with ordinality as k(hash, at) on conflict do nothing`,
    [
      workspaceId,
      modelKey(model),
      rows.map((row) => row.textHash),
      Buffer.concat(rows.map((row) => bytesOf(row.values))),
      model.dimension * Float32Array.BYTES_PER_ELEMENT,
    ],
  )
}

// Copied so that the four-byte alignment of a Float32Array holds wherever pg put the bytes.
export const floatsOf = (bytes: Buffer): Float32Array => new Float32Array(new Uint8Array(bytes).buffer)

const bytesOf = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength)
