import { Rejected } from "@engram/contracts/errors"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryLedger, MemoryPlace, NewMemory, WriteEnd } from "@engram/contracts/memory-ledger"
import { callersModel } from "@engram/core/callers-model"
import { embeddingVersionId } from "@engram/core/ids"
import { indexName } from "@engram/core/index-name"

/** The version of the vectors that callers bring: `caller:<dimension>`, the dimension fixed by the first of them. */
export interface CallerVersions {
  /** undefined until a caller has brought a vector. `Rejected("dimension_mismatch")` when they have another dimension. */
  find(dimension: number): Promise<EmbeddingVersion | undefined>
  /**
   * Writes the first memory that brings a vector, and with it makes the version: one that fails has fixed nothing. undefined, and
   * nothing is written, of any other. `Rejected` as `find` is.
   */
  first(memory: NewMemory): Promise<WriteEnd | undefined>
}

/** Asks Postgres until there is one; from then on it never changes. */
export function createCallerVersions(deps: {
  readonly ledger: Pick<MemoryLedger, "callerVersion" | "writeFirst">
  readonly place: MemoryPlace
  /** Told of the first once it is durable. */
  readonly onWritten: (rows: number) => void
}): CallerVersions {
  const { ledger, place, onWritten } = deps
  let known: EmbeddingVersion | undefined

  const find = async (dimension: number): Promise<EmbeddingVersion | undefined> => {
    known ??= await ledger.callerVersion(place)
    if (known && known.model.dimension !== dimension) throw mismatch(known.model.dimension, dimension)
    return known
  }

  return {
    find,
    first: async (memory) => {
      if (memory.embedding === null) return undefined
      const dimension = memory.embedding.length
      if (await find(dimension)) return undefined
      const model = callersModel(dimension)
      const end = await ledger.writeFirst(place, memory, {
        id: embeddingVersionId(place.storeId, model),
        model,
        indexName: indexName({ ...place, dimension }),
      })
      if (end === "written") onWritten(1)
      if (end !== "not_first") return end
      // Another was, maybe with another dimension.
      await find(dimension)
      return undefined
    },
  }
}

function mismatch(dimension: number, given: number): Rejected {
  const message = `has ${given} numbers, but the embeddings written so far have ${dimension}; vectors of different models cannot be compared`
  return new Rejected("dimension_mismatch", message, { path: "embedding" })
}
