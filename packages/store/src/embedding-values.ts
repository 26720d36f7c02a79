import type { EmbeddingModel } from "@engram/contracts/ports"
import type { Transaction } from "./transaction.ts"

/** How `embedding_values` names a model; the callers' vectors have a dimension and no model. */
export const modelKey = ({ provider, model, dimension }: EmbeddingModel): string =>
  [provider, model, dimension].filter((part) => part !== "").join(":")

/**
 * Keeps vectors' values by the hash of their text: what was embedded once in a workspace is never embedded again. Values known
 * already stay as they are. All travel as one binary parameter and are cut apart in the server: inside JSON they
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
