import type { VectorIndex } from "@engram/contracts/ports"
import { traced } from "@engram/contracts/spans"
import type { Metrics } from "./metrics.ts"

/** The same index, counting and tracing what is asked of it: calls by how they ended, and the vectors of each write. */
export function meterIndex(index: VectorIndex, { indexCalls, indexVectors }: Metrics): VectorIndex {
  const counted = async <T>(operation: string, vectors: number, work: () => Promise<T>): Promise<T> => {
    try {
      const result = await traced({ name: `index ${operation}`, kind: "client", attributes: { vectors } }, work)
      indexCalls.inc({ operation, outcome: "ok" })
      if (vectors > 0) indexVectors.inc({ operation }, vectors)
      return result
    } catch (error) {
      indexCalls.inc({ operation, outcome: "failed" })
      throw error
    }
  }
  return {
    trailsMs: index.trailsMs,
    ensure: (name, dimension) => index.ensure(name, dimension),
    // Nothing to write is no call.
    upsert: (target, records) =>
      records.length === 0
        ? index.upsert(target, records)
        : counted("upsert", records.length, () => index.upsert(target, records)),
    remove: (target, ids) =>
      ids.length === 0 ? index.remove(target, ids) : counted("remove", ids.length, () => index.remove(target, ids)),
    query: (target, values, options) => counted("query", 0, () => index.query(target, values, options)),
    count: (target) => index.count(target),
    drop: (name) => counted("drop", 0, () => index.drop(name)),
    present: (target, ids) => index.present(target, ids),
    list: (target) => index.list(target),
    hashes: (target, ids) => index.hashes(target, ids),
    clear: (target) => counted("clear", 0, () => index.clear(target)),
    check: () => index.check(),
  }
}
