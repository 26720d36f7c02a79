import { Rejected } from "@engram/contracts/errors"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryLedger, MemoryPlace } from "@engram/contracts/memories"
import { callersModel } from "@engram/core/callers-model"
import { embeddingVersionId } from "@engram/core/ids"
import { indexName } from "@engram/core/index-name"

/** The version of the vectors that callers bring: `caller:<dimension>`, the dimension fixed by the first of them. */
export interface CallerVersions {
  /** undefined until a caller has brought a vector. `Rejected("dimension_mismatch")` when they have another dimension. */
  find(dimension: number): Promise<EmbeddingVersion | undefined>
  /** Makes it when this is the first. */
  ensure(dimension: number): Promise<EmbeddingVersion>
}

/** Asks Postgres until there is one; from then on it never changes. */
export function createCallerVersions(deps: {
  readonly ledger: Pick<MemoryLedger, "callerVersion" | "ensureCallerVersion">
  readonly place: MemoryPlace
}): CallerVersions {
  const { ledger, place } = deps
  let known: EmbeddingVersion | undefined

  const find = async (dimension: number): Promise<EmbeddingVersion | undefined> => {
    known ??= await ledger.callerVersion(place)
    if (known && known.model.dimension !== dimension) throw mismatch(known.model.dimension, dimension)
    return known
  }

  return {
    find,
    ensure: async (dimension) => {
      const found = await find(dimension)
      if (found) return found
      const model = callersModel(dimension)
      known = await ledger.ensureCallerVersion(place, {
        id: embeddingVersionId(place.storeId, model),
        model,
        indexName: indexName({ ...place, dimension }),
      })
      // Another process may have been first, with another dimension.
      return (await find(dimension))!
    },
  }
}

function mismatch(dimension: number, given: number): Rejected {
  const message = `has ${given} numbers, but the embeddings written so far have ${dimension}; vectors of different models cannot be compared`
  return new Rejected("dimension_mismatch", message, { path: "embedding" })
}
