import type { MemoryLedger, NewMemory } from "@engram/contracts/memory-ledger"
import { createMemoryWriter } from "@engram/pipeline/memories/write"
import { expect, test, vi } from "vitest"

const place = { workspaceId: "acme", storeId: "memories" }
const memory = (id: string): NewMemory => ({
  ...{ id, namespace: "team:a", content: id, kind: "fact", source: "agent" },
  ...{ expiresAt: null, propagation: null, pin: null, embedding: null },
})

/** A writer whose transactions end when they are told to. */
function held() {
  const batches: { readonly rows: number; readonly end: () => void }[] = []
  const write: MemoryLedger["write"] = (_, memories) =>
    new Promise((resolve) => {
      batches.push({ rows: memories.length, end: () => resolve(memories.map(() => "written")) })
    })
  const writer = createMemoryWriter({
    ledger: { add: write, write },
    place,
    onWritten: () => {},
    limits: { besideRows: 4 },
  })
  const writeAll = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => writer.write(memory(`m${i}`))))
  return { batches, writer, writeAll }
}

test("a few memories wait for the transaction under way, and then go together", async () => {
  const { batches, writer, writeAll } = held()
  const first = writeAll(1)
  await vi.waitFor(() => expect(batches).toHaveLength(1))
  const rest = Promise.all([writeAll(2), writeAll(1)])
  // What would be written beside the first would have been by now.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(batches.map(({ rows }) => rows)).toEqual([1])
  batches[0]!.end()
  await first
  await vi.waitFor(() => expect(batches.map(({ rows }) => rows)).toEqual([1, 3]))
  batches[1]!.end()
  await rest
  await writer.drain()
})

test("as many as are worth a transaction of their own do not wait, but for no more than two at once", async () => {
  const { batches, writer, writeAll } = held()
  const written = [writeAll(1)]
  await vi.waitFor(() => expect(batches).toHaveLength(1))
  written.push(writeAll(4))
  await vi.waitFor(() => expect(batches.map(({ rows }) => rows)).toEqual([1, 4]))
  written.push(writeAll(9))
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(batches).toHaveLength(2)
  batches[0]!.end()
  await vi.waitFor(() => expect(batches.map(({ rows }) => rows)).toEqual([1, 4, 9]))
  const drained = writer.drain()
  for (const { end } of batches) end()
  await Promise.all([...written, drained])
})
