import { expect, test } from "vitest"
import { useClient } from "./use-client.ts"

const context = useClient()

test("each word of each namespace has an entry of its own, and those of a namespace lie together", async () => {
  const namespaces = Array.from({ length: 20 }, (_, at) => `mns_${at}`)
  const words = Array.from({ length: 500 }, (_, at) => `word${at}`)
  const { rows } = await context.client.query<{ namespace: string; entry: string }>(
    `select n as namespace, entry from unnest($1::text[]) n
     cross join unnest(engram_memory_words(n, array_to_tsvector($2))) entry order by entry`,
    [namespaces, words],
  )
  expect(new Set(rows.map(({ entry }) => entry)).size).toBe(namespaces.length * words.length)
  const changes = rows.filter(({ namespace }, at) => namespace !== rows[at - 1]?.namespace)
  expect(changes.length).toBe(namespaces.length)
})

test("what is looked for is found by the entries that are kept", async () => {
  const { rows } = await context.client.query(
    `select engram_memory_words('mns_1', to_tsvector('public.engram_english', 'the harbour lights and the tide'))
       @> engram_memory_words('mns_1', to_tsvector('public.engram_english', 'light tides')) as found,
     engram_memory_words('mns_1', to_tsvector('public.engram_english', 'the harbour lights'))
       && engram_memory_words('mns_2', to_tsvector('public.engram_english', 'the harbour lights')) as elsewhere,
     engram_memory_words('mns_1', '') as none`,
  )
  expect(rows).toEqual([{ found: true, elsewhere: false, none: [] }])
})
