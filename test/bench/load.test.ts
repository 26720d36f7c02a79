import { chunkLimits, chunkSections } from "@engram/core/chunk/chunk"
import { sources } from "@engram/sources/registry"
import { expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { type LoadDelivery, loadHash, makeLoad, underNewKeys } from "./load.ts"
import { markdownOf, titleOf } from "./texts.ts"

const documentsOf = ({ event, body }: LoadDelivery): string[] => {
  const headers = { "content-type": "application/json", "x-github-event": event }
  const read = sources.github!.normalize({ headers, body, receivedAt: 0 })
  return read.outcome === "drafts" ? read.drafts.documents.map(({ sourceId }) => sourceId) : []
}

test("the same seed gives the same bytes, another seed others", () => {
  const load = makeLoad({ count: 700 })
  expect(loadHash(makeLoad({ count: 700 }))).toBe(loadHash(load))
  expect(loadHash(makeLoad({ count: 700, seed: "another" }))).not.toBe(loadHash(load))
})

test("5,000 deliveries under ids of their own speak of at least 2,000 documents", () => {
  const load = makeLoad()
  expect(load).toHaveLength(5_000)
  expect(new Set(load.map(({ key }) => key)).size).toBe(5_000)
  expect(new Set(load.flatMap(documentsOf)).size).toBeGreaterThanOrEqual(2_000)
})

test("event types come in the proportion of the examples", () => {
  const count = (events: readonly string[]) =>
    new Map([...Map.groupBy(events, (event) => event)].map(([event, same]) => [event, same.length]))
  const examples = count(examplePayloads.map(({ event }) => event))
  const load = count(makeLoad().map(({ event }) => event))
  for (const [event, times] of examples) {
    expect(Math.abs((load.get(event) ?? 0) - (times * 5_000) / examplePayloads.length), event).toBeLessThanOrEqual(
      times,
    )
  }
})

test("deliveries that come again differ in nothing but their ids", () => {
  const load = makeLoad({ count: 100 })
  const again = underNewKeys(load)
  expect(again.map(({ body }) => body)).toEqual(load.map(({ body }) => body))
  expect(again.every(({ key }, at) => key !== load[at]!.key)).toBe(true)
})

test("texts are markdown of several chunks, and differ", () => {
  const texts = Array.from({ length: 200 }, (_, at) => markdownOf(`${at}`, 600))
  const chunks = texts.flatMap((markdown, at) =>
    chunkSections(titleOf(`${at}`), [{ partId: "body", label: "body", markdown, occurredAt: 0 }], chunkLimits),
  )
  expect(chunks.length).toBeGreaterThan(400)
  expect(new Set(chunks.map(({ textHash }) => textHash)).size).toBe(chunks.length)
})
