import { Rejected } from "@engram/contracts/errors"
import type { Embedder, EmbedderOf } from "@engram/contracts/ports"

/** Opens these and no other, as a process does that was given no more. */
export const onlyEmbedders =
  (...embedders: readonly Embedder[]): EmbedderOf =>
  async (model) => {
    const same = embedders.find(
      (each) =>
        each.model.provider === model.provider &&
        each.model.model === model.model &&
        each.model.dimension === model.dimension,
    )
    if (same) return same
    throw new Rejected("embedder_missing", `nothing here embeds with ${Object.values(model).join(":")}`)
  }
