import { Rejected } from "@engram/contracts/errors"
import type { MemoryLedger, MemoryPlace, NewMemory, WriteEnd } from "@engram/contracts/memory-ledger"

export interface MemoryWriter {
  /** Durable, and found by the next search, when it resolves. `Rejected` when Postgres refuses this memory, `RetryLater` when it is away. */
  write(memory: NewMemory): Promise<WriteEnd>
  /** Resolves when everything handed in so far has been answered. */
  drain(): Promise<void>
}

export interface WriteLimits {
  readonly rowsMax: number
  readonly bytesMax: number
  /** Transactions at once: Postgres goes from one to the next, which stands in line by then, while what comes after gathers. */
  readonly batchesMax: number
  /** A transaction costs as much as four of its rows (measured), so fewer than these wait while another is under way. */
  readonly besideRows: number
}

const writeLimits: WriteLimits = { rowsMax: 128, bytesMax: 8_000_000, batchesMax: 2, besideRows: 16 }

interface Entry {
  readonly memory: NewMemory
  readonly bytes: number
  readonly resolve: (end: WriteEnd) => void
  readonly reject: (error: unknown) => void
}

/**
 * Memories that arrive while others are being written commit together: one transaction and one flush to disk for all of
 * them. A memory that arrives alone waits for nobody.
 */
export function createMemoryWriter(deps: {
  readonly ledger: Pick<MemoryLedger, "add" | "write">
  readonly place: MemoryPlace
  /** Told of each batch once it is durable. */
  readonly onWritten: (rows: number) => void
  readonly limits?: Partial<WriteLimits>
}): MemoryWriter {
  const limits = { ...writeLimits, ...deps.limits }
  const gathered: Entry[] = []
  const drained: (() => void)[] = []
  let batches = 0

  const next = (): void => {
    while (batches < limits.batchesMax && gathered.length >= (batches === 0 ? 1 : limits.besideRows)) {
      batches++
      void write(take()).finally(() => {
        batches--
        next()
        if (batches === 0 && gathered.length === 0) for (const tell of drained.splice(0)) tell()
      })
    }
  }

  const take = (): Entry[] => {
    let rows = 0
    let bytes = 0
    for (const entry of gathered) {
      if (rows === limits.rowsMax || (rows > 0 && bytes + entry.bytes > limits.bytesMax)) break
      rows++
      bytes += entry.bytes
    }
    return gathered.splice(0, rows)
  }

  /** Those whose id is new first, and those that are there already after them: what keeps these from being written is not the others'. */
  const write = async (entries: readonly Entry[]): Promise<void> => {
    const there = await settle(entries, deps.ledger.add)
    if (there.length > 0) await settle(there, deps.ledger.write)
  }

  /** Never rejects: each entry gets its own answer, but for those that are there. Refused data is looked for by halves, and refuses only itself. */
  const settle = async (
    entries: readonly Entry[],
    by: (place: MemoryPlace, memories: readonly NewMemory[]) => Promise<(WriteEnd | "there")[]>,
  ): Promise<Entry[]> => {
    try {
      const ends = await by(
        deps.place,
        entries.map(({ memory }) => memory),
      )
      const written = ends.filter((end) => end === "written").length
      if (written > 0) deps.onWritten(written)
      return entries.filter((entry, at) => {
        const end = ends[at]!
        if (end !== "there") entry.resolve(end)
        return end === "there"
      })
    } catch (error) {
      if (error instanceof Rejected && entries.length > 1) {
        const half = entries.length >> 1
        return [...(await settle(entries.slice(0, half), by)), ...(await settle(entries.slice(half), by))]
      }
      for (const entry of entries) entry.reject(error)
      return []
    }
  }

  return {
    write: (memory) =>
      new Promise((resolve, reject) => {
        const { content, propagation, embedding } = memory
        const bytes = 3 * content.length + 3 * (propagation?.length ?? 0) + (embedding?.byteLength ?? 0)
        gathered.push({ memory, bytes, resolve, reject })
        // Requests that are read in the same turn of the event loop go together.
        if (gathered.length === 1) setImmediate(next)
        else if (gathered.length === limits.besideRows) next()
      }),
    drain: async () => {
      next()
      if (batches > 0) await new Promise<void>((resolve) => drained.push(resolve))
    },
  }
}
